"""One environment's APIs without a socket: clients that send bytes and read answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from ingle.runtimeapi.api import EnvironmentApi, Function
from ingle.runtimeapi.connection import Connection
from ingle.runtimeapi.extensions import Extension
from ingle.runtimeapi.router import route
from ingle.runtimeapi.session import Event, RuntimeSession, Stream

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


class Pieces:
    """A `Stream` that keeps what it gets; `room` says how much it takes before it wants no more."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.ended: tuple[str | None, bytes] | None = None
        self.wants_more = True

    def write(self, part: bytes) -> bool:
        self.parts.append(part)
        return self.wants_more

    def end(self, error_type: str | None, error: bytes) -> None:
        self.ended = (error_type, error)


@dataclass
class Heard:
    """The worker's side: what it was told, in order."""

    words: list[tuple[Any, ...]] = field(default_factory=list)
    pieces: Pieces | None = None
    resume: Callable[[], None] | None = None

    def ready(self) -> None:
        self.words.append(("ready",))

    def init_failed(self, error_type: str | None, error: bytes) -> None:
        self.words.append(("init failed", error_type, error))

    def answered(self, payload: bytes) -> None:
        self.words.append(("answered", payload))

    def failed(self, error_type: str | None, error: bytes) -> None:
        self.words.append(("failed", error_type, error))

    def refused(self, length: int) -> None:
        self.words.append(("refused", length))

    def truncated(self) -> None:
        self.words.append(("truncated",))

    def stream(self, content_type: str, resume: Callable[[], None]) -> Stream | None:
        self.resume = resume
        return self.pieces

    def extensions_moved(self) -> None:
        self.words.append(("extensions moved",))

    def extension_failed(self, extension: Extension, error_type: str) -> None:
        self.words.append(("extension failed", extension.name, error_type))


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False
        self.paused = False

    def write(self, data: Any) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection."""

    def __init__(self, api: EnvironmentApi) -> None:
        self.transport = Transport()
        self.connection = Connection(partial(route, api), lambda _: None)
        self.connection.connection_made(self.transport)

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    def ask(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> Reply | None:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1:9001", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self.reply()

    def reply(self) -> Reply | None:
        """The answer that is there now, taken."""
        head, end, rest = self.transport.sent.partition(b"\r\n\r\n")
        if not end:
            return None
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0"))
        self.transport.sent = rest[length:]
        return Reply(int(first.split()[1]), headers, rest[:length])

    def leave(self) -> None:
        self.connection.connection_lost(None)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def api(heard: Heard) -> EnvironmentApi:
    api = EnvironmentApi(Function("f", "$LATEST", "app.handler", "000000000000"), heard)
    api.runtime = RuntimeSession(heard)
    return api


@pytest.fixture
def client(api: EnvironmentApi) -> Client:
    return Client(api)


def event(request_id: str = REQUEST_ID, payload: bytes = b'{"a":1}') -> Event:
    return Event(request_id, {"Lambda-Runtime-Aws-Request-Id": request_id}, payload)


def deliver(api: EnvironmentApi, given: Event | None = None) -> None:
    assert api.runtime is not None
    api.runtime.deliver(given or event())
