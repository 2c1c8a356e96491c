"""Whose request it is, and for which service: the credential scope of AWS Signature Version 4 and 4A.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html: in the header
`Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=...,
Signature=...`, or in a presigned URL's query. A 4A scope has no region: the regions stand in
`X-Amz-Region-Set`. Reading a scope checks no signature; `ingle.wire.signature` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from ingle.wire.errors import IncompleteSignature
from ingle.wire.message import Request

HMAC = "AWS4-HMAC-SHA256"
ECDSA = "AWS4-ECDSA-P256-SHA256"
TERMINATOR = "aws4_request"

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CredentialScope:
    """For whom (`access_key_id`), which day (`YYYYMMDD`), where and for what a request was signed.

    `region` is the first of the region set for 4A, which may be `*`.
    """

    access_key_id: str
    date: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Signed:
    """All that a request says about its signature. `signed_headers` are lower-case names in their order."""

    scope: CredentialScope
    algorithm: str
    signed_headers: tuple[str, ...]
    signature: str
    presigned: bool


def credential_scope(request: Request) -> CredentialScope | None:
    """The scope of `request`, None for one that is not signed. Raises IncompleteSignature."""
    signed = signed_parts(request)
    return None if signed is None else signed.scope


def signed_parts(request: Request) -> Signed | None:
    """The signature of `request` in header or query, None where there is none.

    Raises IncompleteSignature, with AWS's text, for one whose parts are missing or malformed.
    """
    header = request.headers.get("authorization", "")
    algorithm, _, rest = header.partition(" ")
    if algorithm in (HMAC, ECDSA):
        parts = _split(rest, header)
        missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
        if missing:
            said = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
            raise IncompleteSignature(f"{said} Authorization={algorithm}")
        return _signed(algorithm, parts, request.headers.get("x-amz-region-set", ""), presigned=False)
    if "X-Amz-Algorithm=" in request.query:
        return _presigned(request.query)
    return None


def account_of(access_key_id: str, default: str) -> str:
    """The account that an access key names: itself where it is an account id (12 digits), else `default`."""
    return access_key_id if _ACCOUNT.fullmatch(access_key_id) else default


def _presigned(query: str) -> Signed:
    given = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    algorithm = given.get("X-Amz-Algorithm", "")
    if algorithm not in (HMAC, ECDSA):
        raise IncompleteSignature(f"Unsupported AWS 'algorithm': '{algorithm}'.")
    parts = {
        name: given.get(f"X-Amz-{name}", "")
        for name in ("Credential", "Signature", "SignedHeaders", "Date", "Expires")
    }
    missing = [name for name in ("Credential", "Signature", "SignedHeaders", "Date") if not parts[name]]
    if missing:
        said = " ".join(f"AWS query-string parameters must include 'X-Amz-{name}'." for name in missing)
        raise IncompleteSignature(said)
    return _signed(algorithm, parts, given.get("X-Amz-Region-Set", ""), presigned=True)


def _split(parameters: str, header: str) -> dict[str, str]:
    parts = {}
    for parameter in re.split(r"[,\s]+", parameters.strip()):
        name, equals, value = parameter.partition("=")
        if parameter and not equals:
            raise IncompleteSignature(
                f"'{parameter}' not a valid key=value pair (missing equal-sign) in Authorization header: "
                f"'{header}'."
            )
        parts[name] = value
    return parts


def _signed(algorithm: str, parts: Mapping[str, str], region_set: str, *, presigned: bool) -> Signed:
    names = tuple(parts["SignedHeaders"].split(";"))
    scope = _scope(parts["Credential"], algorithm, region_set)
    return Signed(scope, algorithm, names, parts["Signature"], presigned)


def _scope(credential: str, algorithm: str, region_set: str) -> CredentialScope:
    elements = credential.split("/")
    if algorithm == ECDSA and len(elements) == 4:
        elements.insert(2, region_set.split(",")[0].strip() or "*")
    if len(elements) != 5:
        raise IncompleteSignature(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term,"
            f" got '{credential}'"
        )
    access_key_id, date, region, service, terminator = elements
    if terminator != TERMINATOR:
        raise IncompleteSignature(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        )
    return CredentialScope(access_key_id, date, region, service)
