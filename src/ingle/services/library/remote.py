"""A user's own endpoint in the place of a service: requests go there, signed anew with its credentials.

What the client signed was signed for us, with keys that the other side does not know.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from ingle.model.quotas import CREATE_REQUEST_SIZE
from ingle.services import Caller, Streamed
from ingle.services.library.exchange import Exchange, ExchangeFailed
from ingle.services.library.refusals import refusal
from ingle.wire.message import Request

_CONNECT_PATIENCE = 10.0  # seconds
_HASH = "x-amz-content-sha256"
# Signed with the client's key piece by piece, so nobody but the client can sign it anew.
_SIGNED_IN_PIECES = ("STREAMING-AWS4-HMAC-SHA256", "STREAMING-AWS4-ECDSA-P256-SHA256")
_OURS = {
    "authorization", "connection", "date", "expect", "host", "keep-alive", "te", "trailer",
    "transfer-encoding", "upgrade", "x-amz-date", "x-amz-security-token",
}  # fmt: skip
_NOT_ANSWERED = {"connection", "date", "server", "transfer-encoding", "keep-alive"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class Credentials:
    """Whom we are at the other side."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class Remote:
    """`StreamingService` at `endpoint`, an http or https URL. Requests are signed anew for the region that
    they came for."""

    def __init__(self, endpoint: str, credentials: Credentials) -> None:
        parts = urlsplit(endpoint)
        self._host, self._tls = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._prefix = parts.path.rstrip("/")
        self._credentials = BotocoreCredentials(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        )

    async def serve(
        self, name: str, request: Request, body: AsyncIterator[bytes], caller: Caller
    ) -> Streamed:
        """See `StreamingService.serve`."""
        declared = request.headers.get(_HASH, "")
        if declared.startswith(_SIGNED_IN_PIECES):
            message = "A body that is signed piece by piece cannot be signed anew for the service's endpoint."
            return refusal(name, request, 501, "NotImplemented", message)
        if not declared:
            content = b"".join([part async for part in _bounded(body)])
            declared, body = hashlib.sha256(content).hexdigest(), _one(content)
        try:
            return await self._exchange(self._signed(name, request, declared, caller.region), request, body)
        except (ExchangeFailed, OSError, TimeoutError) as error:
            _log.warning("%s of %s was not answered by %s: %s", request.method, name, self._base, error)
            return refusal(name, request, 503, "ServiceUnavailable", f"{self._base} does not answer.")

    def _signed(self, name: str, request: Request, declared: str, region: str) -> AWSRequest:
        headers = {n: v for n, v in request.headers.items() if n not in _OURS}
        query = [(n, v) for n, v in parse_qsl(request.query, keep_blank_values=True) if not _signs(n)]
        target = f"{self._base}{self._prefix}{request.path}"
        if query:
            target += f"?{urlencode(query, quote_via=quote)}"
        again = AWSRequest(request.method, target, headers={**headers, _HASH: declared})
        signer = _S3Signer if name == "s3" else _Signer
        signer(self._credentials, name, region).add_auth(again)
        return again

    async def _exchange(self, signed: AWSRequest, request: Request, body: AsyncIterator[bytes]) -> Streamed:
        async with asyncio.timeout(_CONNECT_PATIENCE):
            context = ssl.create_default_context() if self._tls else None
            exchange = Exchange(*await asyncio.open_connection(self._host, self._port, ssl=context))
        try:
            headers = [("host", self._base.partition("://")[2]), *signed.headers.items()]
            if "content-length" not in request.headers:
                chunked = "transfer-encoding" in request.headers
                headers.append(("transfer-encoding", "chunked") if chunked else ("content-length", "0"))
            head = await exchange.ask(request.method, signed.url[len(self._base) :], headers, body)
        except BaseException:
            exchange.close()
            raise
        answered = tuple((n, v) for n, v in head.headers if n.lower() not in _NOT_ANSWERED)
        return Streamed(head.status, answered, exchange.body(), exchange.close)


class _Signer(SigV4Auth):  # type: ignore[misc]
    def payload(self, request: AWSRequest) -> str:
        return str(request.headers[_HASH])


class _S3Signer(S3SigV4Auth):  # type: ignore[misc]
    def payload(self, request: AWSRequest) -> str:
        return str(request.headers[_HASH])

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        """What is declared stays: botocore would set it from a body that is not here."""
        SigV4Auth._modify_request_before_signing(self, request)


def _signs(name: str) -> bool:
    """Whether a field of a query belongs to a presigned URL's signature."""
    return name.startswith("X-Amz-") and name not in ("X-Amz-Target",)


async def _bounded(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for part in body:
        size += len(part)
        if size > CREATE_REQUEST_SIZE:
            raise ExchangeFailed("the request is too large to be signed")
        yield part


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
