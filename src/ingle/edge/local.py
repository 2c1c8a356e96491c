"""Ingle's own paths, below `/_ingle/`: health, the download of a function's code, a function's log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs

from ingle.edge.asgi import Send, respond, stream
from ingle.edge.identity import Defaults, identify
from ingle.model.errors import IngleError
from ingle.wire.message import Request

_JSON = {"content-type": "application/json"}
_CHUNK = 256 * 1024
_MAX_EVENTS = 10_000


class LogReader(Protocol):
    def read(
        self, account: str, region: str, group: str, since_ms: int = 0
    ) -> Iterator[tuple[int, str, str]]:
        """Events of a log group from `since_ms` on, oldest first: (epoch ms, stream, text)."""
        ...


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


class Logs:
    """`GET /_ingle/logs?group=...&since=...`: the events of a log group since a moment (epoch ms).

    At most 10,000 at once: whoever wants more asks again from the last one's time.
    """

    def __init__(self, reader: LogReader, defaults: Defaults) -> None:
        self._reader = reader
        self._defaults = defaults

    async def __call__(self, request: Request, send: Send) -> None:
        query = parse_qs(request.query)
        caller = identify(request, self._defaults)
        try:
            since = int(query.get("since", ["0"])[0])
            group = query["group"][0]
        except (KeyError, ValueError):
            await respond(send, 400, _JSON, b'{"message":"group, and since in milliseconds, are wanted"}')
            return
        events = await asyncio.to_thread(self._read, caller.account, caller.region, group, since)
        await respond(send, 200, _JSON, json.dumps({"events": events}).encode())

    def _read(self, account: str, region: str, group: str, since: int) -> list[tuple[int, str, str]]:
        return list(islice(self._reader.read(account, region, group, since), _MAX_EVENTS))


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(open, path, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
