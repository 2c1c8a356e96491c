"""Who a request is from: the account and region in its signature.

Every client signs. A request without a signature (a browser, curl) is taken for the default account in the
default region; enforcement of signatures is not there yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingle.wire.sigv4 import CredentialScope, account_of, parse_scope


@dataclass(frozen=True)
class Caller:
    """account: 12 digits. service: the signature's service name, None for an unsigned request."""

    account: str
    region: str
    service: str | None
    access_key_id: str | None


@dataclass(frozen=True)
class Defaults:
    account: str = "000000000000"
    region: str = "us-east-1"


def identify(authorization: str | None, query: str, defaults: Defaults) -> Caller:
    """The caller of a request. Raises SignatureError for an Authorization that is malformed."""
    scope: CredentialScope | None = parse_scope(authorization, query)
    if scope is None:
        return Caller(defaults.account, defaults.region, None, None)
    return Caller(
        account_of(scope.access_key_id, defaults.account),
        scope.region or defaults.region,
        scope.service,
        scope.access_key_id,
    )
