"""One HTTP/1.1 connection to an environment's APIs: lean, because it is on the path of every invocation.

httptools parses; a request's body goes to its endpoint as it comes, and nothing more is read from the client
than its endpoint has taken. One request at a time: runtimes do not pipeline, and who does is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import httptools

from ingle.runtimeapi.message import Answer, ApiError, Call, Receiver

MAX_HEAD_BYTES = 1_048_576  # an X-Ray cause of an error may be nearly as long
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# What serves a request: the endpoint's `begin`, and what its path stands for.
Route = tuple[Callable[[Call], Receiver], dict[str, str]]


class Connection(asyncio.Protocol):
    """See the module. `router` gives the route of a method and path, or raises ApiError. `ended` hears of
    the connection's end."""

    def __init__(self, router: Callable[[str, str], Route], ended: Callable[[Connection], None]) -> None:
        self._router = router
        self._ended = ended
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._call: Call | None = None
        self._receiver: Receiver | None = None
        self._closing = False
        self._reset()

    def _reset(self) -> None:
        self._url = b""
        self._fields: dict[str, str] = {}
        self._head_bytes = 0
        self._in_body = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of that class

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserCallbackError):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        receiver, self._receiver = self._receiver, None
        call, self._call = self._call, None
        if receiver is not None:
            receiver.cut()
        elif call is not None and call.gone is not None:
            call.gone()
        self._ended(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # `Flow`

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    # httptools' callbacks

    def on_message_begin(self) -> None:
        if self._call is not None:
            raise ValueError("pipelined")
        self._reset()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 32)
        self._fields[name.decode("latin-1").lower()] = value.decode("latin-1")

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("head too large")

    def on_headers_complete(self) -> None:
        headers, self._fields = self._fields, {}
        self._closing = not self._parser.should_keep_alive()
        method = self._parser.get_method().decode("latin-1")
        path = self._url.partition(b"?")[0].decode("latin-1")
        try:
            begin, labels = self._router(method, path)
            self._call = Call(headers, labels, self._reply, self)
            self._receiver = begin(self._call)
        except ApiError as error:
            self._call = self._call or Call(headers, {}, self._reply, self)
            self._reply(error.answer())
        if headers.get("expect", "").lower() == "100-continue" and self._receiver is not None:
            self._write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._receiver is not None:
            self._take(lambda receiver: receiver.data(body))

    def on_message_complete(self) -> None:
        if self._receiver is not None:
            trailers = self._fields
            self._take(lambda receiver: receiver.end(trailers))
            self._receiver = None

    def _take(self, deed: Callable[[Receiver], None]) -> None:
        assert self._receiver is not None
        try:
            deed(self._receiver)
        except ApiError as error:
            self._receiver = None
            self._reply(error.answer())

    # answers

    def _reply(self, answer: Answer) -> None:
        if self._call is None:
            return
        self._call = None
        lines = [f"HTTP/1.1 {answer.status} {_PHRASES[answer.status]}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines.append(f"Content-Length: {len(answer.body)}")
        if self._closing:
            lines.append("Connection: close")
        self._write("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + answer.body)
        if self._closing and self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
