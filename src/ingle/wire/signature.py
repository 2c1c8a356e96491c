"""Checks a request's signature (AWS Signature Version 4), given the secret: a pure function.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The steps have
AWS's names: canonical request, string to sign, signing key, signature.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, quote, unquote_plus

from ingle.wire.errors import IncompleteSignature, InvalidSignature, MissingAuthenticationToken
from ingle.wire.message import Request
from ingle.wire.sigv4 import HMAC, TERMINATOR, CredentialScope, Signed, signed_parts

# How far a client's clock may be off.
CLOCK_SKEW = timedelta(minutes=15)

_LONGEST_PRESIGNED = 604_800  # seconds: a week
_UNSIGNED = "UNSIGNED-PAYLOAD"
_UNRESERVED = "-_.~"


def verify(request: Request, secret: str, now: datetime) -> CredentialScope:
    """The scope of `request`, whose signature was made with `secret` at a time near `now` (aware).

    Raises MissingAuthenticationToken, IncompleteSignature, or InvalidSignature for a signature that is
    wrong, too old or from the future. Signatures of 4A are refused: they need a public key, not a secret.
    """
    signed = signed_parts(request)
    if signed is None:
        raise MissingAuthenticationToken
    if signed.algorithm != HMAC:
        raise IncompleteSignature(f"Unsupported AWS 'algorithm': '{signed.algorithm}'.")
    if "host" not in signed.signed_headers:
        raise InvalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    stamp = _stamp(request, signed)
    _check_time(request, signed, stamp, now)
    if not hmac.compare_digest(
        _signature(request, signed, stamp, secret).encode(), signed.signature.encode()
    ):
        raise InvalidSignature(
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details."
        )
    return signed.scope


def canonical_request(request: Request, signed: Signed) -> str:
    """The request in the form that is signed."""
    headers = "".join(f"{name}:{_trim(request.headers.get(name, ''))}\n" for name in signed.signed_headers)
    return "\n".join(
        (
            request.method,
            _canonical_path(request.path),
            _canonical_query(request.query),
            headers,
            ";".join(signed.signed_headers),
            _payload_hash(request, signed),
        )
    )


def _signature(request: Request, signed: Signed, stamp: str, secret: str) -> str:
    scope = signed.scope
    canonical = hashlib.sha256(canonical_request(request, signed).encode()).hexdigest()
    terms = (scope.date, scope.region, scope.service, TERMINATOR)
    key = f"AWS4{secret}".encode()
    for term in terms:
        key = hmac.digest(key, term.encode(), "sha256")
    to_sign = "\n".join((HMAC, stamp, "/".join(terms), canonical))
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _canonical_path(path: str) -> str:
    """The path, normalised, and encoded once more: every service but S3 signs it so."""
    normal = posixpath.normpath(re.sub("^/+", "/", path)) if path else "/"
    if path.endswith("/") and normal != "/":
        normal += "/"
    return quote(normal, safe="/~")


def _canonical_query(query: str) -> str:
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            pairs.append(
                (quote(unquote_plus(name), safe=_UNRESERVED), quote(unquote_plus(value), safe=_UNRESERVED))
            )
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _payload_hash(request: Request, signed: Signed) -> str:
    header = "x-amz-content-sha256"
    if header in signed.signed_headers and request.headers.get(header) == _UNSIGNED:
        return _UNSIGNED
    return hashlib.sha256(request.body).hexdigest()


def _trim(value: str) -> str:
    return " ".join(value.split())


def _stamp(request: Request, signed: Signed) -> str:
    """When it was signed, in ISO 8601's basic format."""
    if signed.presigned:
        return parse_qs(request.query)["X-Amz-Date"][0]
    stamp = request.headers.get("x-amz-date")
    if stamp is not None:
        return stamp
    try:
        return f"{parsedate_to_datetime(request.headers['date']).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    except (KeyError, ValueError):
        raise IncompleteSignature(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        ) from None


def _check_time(request: Request, signed: Signed, stamp: str, now: datetime) -> None:
    try:
        moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise IncompleteSignature(
            f"Date must be in ISO-8601 'basic format'. Got '{stamp}'. "
            "See http://en.wikipedia.org/wiki/ISO_8601"
        ) from None
    if stamp[:8] != signed.scope.date:
        raise InvalidSignature(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signed.scope.date}' != '{stamp[:8]}', from '{stamp}'."
        )
    window = _presigned_window(request) if signed.presigned else CLOCK_SKEW
    if now > moment + window:
        raise InvalidSignature(
            f"Signature expired: {stamp} is now earlier than {now - window:%Y%m%dT%H%M%SZ} "
            f"({now:%Y%m%dT%H%M%SZ} - {_said(window)}.)"
        )
    if moment > now + CLOCK_SKEW:
        raise InvalidSignature(
            f"Signature not yet current: {stamp} is still later than {now + CLOCK_SKEW:%Y%m%dT%H%M%SZ} "
            f"({now:%Y%m%dT%H%M%SZ} + {_said(CLOCK_SKEW)}.)"
        )


def _presigned_window(request: Request) -> timedelta:
    text = parse_qs(request.query).get("X-Amz-Expires", [""])[0]
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= _LONGEST_PRESIGNED):
        raise IncompleteSignature("X-Amz-Expires must be a number of seconds, at most a week.")
    return timedelta(seconds=int(text))


def _said(window: timedelta) -> str:
    return f"{int(window.total_seconds() // 60)} min"
