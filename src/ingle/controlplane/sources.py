"""Where deployment packages come from: the request itself, or an object of S3.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ingle.controlplane.handlers import RequestContext
from ingle.model.errors import InvalidParameterValue, NotImplementedYet
from ingle.model.quotas import CODE_SIZE_UNZIPPED, CODE_SIZE_ZIPPED

_S3_MEMBERS = ("S3Bucket", "S3Key", "S3ObjectVersion")


class ObjectRefused(Exception):
    """S3 did not give an object: its own `code` and `message`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ObjectStore(Protocol):
    """S3, as far as packages need it."""

    async def read(
        self, account: str, region: str, bucket: str, key: str, version: str | None, bound: int
    ) -> bytes | None:
        """The content of an object; None where it is larger than `bound` bytes. Raises ObjectRefused."""
        ...


class PackageSources:
    """Reads packages; without `objects` there is no S3 to read them from."""

    def __init__(self, objects: ObjectStore | None = None) -> None:
        self._objects = objects

    async def read(self, context: RequestContext, code: Mapping[str, Any]) -> tuple[bytes, int]:
        """The package that a request brings along or refers to, and how many bytes it may have.

        A request carries 50 MB at most; for an object only the unzipped size counts. Raises CallerError
        where there is no source, where there are two, and for an object that S3 does not give.
        """
        content = code.get("ZipFile")
        if content is not None:
            if any(code.get(name) for name in _S3_MEMBERS):
                raise InvalidParameterValue(
                    "Please do not provide other FunctionCode parameters when providing a ZipFile."
                )
            return bytes(content), CODE_SIZE_ZIPPED
        bucket, key = code.get("S3Bucket"), code.get("S3Key")
        if not bucket and not key:
            raise InvalidParameterValue("Please provide a source for function code.")
        if not bucket or not key:
            # The text is ours: no recorded answer of AWS is known.
            raise InvalidParameterValue("S3Bucket and S3Key are both needed for code from Amazon S3.")
        return await self._object(context, bucket, key, code.get("S3ObjectVersion")), CODE_SIZE_UNZIPPED

    async def _object(self, context: RequestContext, bucket: str, key: str, version: str | None) -> bytes:
        if self._objects is None:
            raise NotImplementedYet("Ingle does not have code from S3 here; give it as ZipFile (S3Bucket).")
        try:
            content = await self._objects.read(
                context.account, context.region, bucket, key, version, CODE_SIZE_UNZIPPED
            )
        except ObjectRefused as error:
            raise InvalidParameterValue(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. "
                f"S3 Error Message: {error.message}"
            ) from error
        if content is None:
            raise InvalidParameterValue(f"Unzipped size must be smaller than {CODE_SIZE_UNZIPPED} bytes")
        return content
