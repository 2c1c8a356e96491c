"""Ingle's own paths, below `/_ingle/`: health, and the download of a function's code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from ingle.edge.asgi import Send, respond, stream
from ingle.model.errors import IngleError
from ingle.wire.message import Request

_JSON = {"content-type": "application/json"}
_CHUNK = 256 * 1024


class Health:
    """`GET /_ingle/health`: 200 once the node serves; what it is and how it is doing."""

    def __init__(self, facts: Callable[[], Mapping[str, object]]) -> None:
        self._facts = facts

    async def __call__(self, request: Request, send: Send) -> None:
        await respond(send, 200, _JSON, json.dumps({"status": "ok", **self._facts()}).encode())


class CodeDownload:
    """`GET /_ingle/code/...`: what GetFunction's `Code.Location` points to."""

    def __init__(self, verify: Callable[[str, str], Path]) -> None:
        self._verify = verify

    async def __call__(self, request: Request, send: Send) -> None:
        try:
            path = self._verify(request.path, request.query)
            size = (await asyncio.to_thread(path.stat)).st_size
        except (IngleError, FileNotFoundError) as error:
            status = error.status if isinstance(error, IngleError) else 404
            await respond(send, status, _JSON, json.dumps({"message": str(error)}).encode())
            return
        headers = {"content-type": "application/zip", "content-length": str(size)}
        await stream(send, 200, headers.items(), _chunks(path))


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(open, path, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
