"""Objects of S3 for rooms that need their content: read as any client would, from whoever S3 is here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from ingle.services import Services
from ingle.wire.message import Request


class ObjectError(Exception):
    """S3's own answer: `code` such as NoSuchKey, and the text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ObjectTooLarge(Exception):
    """The object is larger than the bound; no more of it was read."""


@dataclass(frozen=True)
class _Owner:
    """As whom the object is read: the caller's account, whose access key is its number."""

    account: str
    region: str

    @property
    def access_key_id(self) -> str:
        return self.account


class Objects:
    """Over whatever serves S3 in `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read(
        self, account: str, region: str, bucket: str, key: str, version: str | None, bound: int
    ) -> bytes:
        """The content of an object, at most `bound` bytes. Raises ObjectError, ObjectTooLarge."""
        s3 = self._services.streaming("s3")
        if s3 is None:
            raise ObjectError("ServiceUnavailable", "There is no S3 here.")
        request = Request(
            "GET",
            f"/{bucket}/{quote(key, safe='/-_.~')}",
            urlencode({"versionId": version}) if version else "",
            {
                "host": "localhost",
                "authorization": (
                    f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/s3/aws4_request, "
                    "SignedHeaders=host, Signature=0"
                ),
            },
        )
        answer = await s3.serve("s3", request, _nothing(), _Owner(account, region))
        try:
            content = await _collect(answer.body, bound)
        finally:
            answer.close()
        if answer.status != 200:
            raise _error(answer.status, content)
        return content


async def _collect(body: AsyncIterator[bytes], bound: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in body:
        size += len(part)
        if size > bound:
            raise ObjectTooLarge
        parts.append(part)
    return b"".join(parts)


def _error(status: int, content: bytes) -> ObjectError:
    try:
        tree = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return ObjectError(str(status), f"S3 answered with status {status}.")
    return ObjectError(tree.findtext("Code") or str(status), tree.findtext("Message") or "")


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
