"""Who a request is from: the account and region in its signature.

Every client signs. A request without a signature (a browser, curl) is taken for the default account in the
default region; enforcement of signatures is not there yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingle.wire.message import Request
from ingle.wire.sigv4 import account_of, credential_scope


@dataclass(frozen=True)
class Caller:
    """account: 12 digits. service: the signature's service name, None for an unsigned request."""

    account: str
    region: str
    service: str | None = None
    access_key_id: str | None = None


@dataclass(frozen=True)
class Defaults:
    """Whose an unsigned request is."""

    account: str = "000000000000"
    region: str = "us-east-1"


def identify(request: Request, defaults: Defaults) -> Caller:
    """The caller of a request. Raises IncompleteSignature for a signature that is malformed."""
    scope = credential_scope(request)
    if scope is None:
        return Caller(defaults.account, defaults.region)
    account = account_of(scope.access_key_id, defaults.account)
    region = scope.region if scope.region not in ("", "*") else defaults.region
    return Caller(account, region, scope.service, scope.access_key_id)
