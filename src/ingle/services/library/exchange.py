"""One HTTP/1.1 exchange over a connection of its own: the head is read, bodies go piece by piece.

A connection to a Unix socket costs less than the care that a shared one needs, and a process that dies
takes only its own exchanges along.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass

import httptools

_CHUNK = 256 * 1024
_SILENCE = 900.0  # seconds without a byte after which an exchange is given up

Headers = Iterable[tuple[str, str]]


class ExchangeFailed(Exception):
    """The other side went away, or said what is no HTTP, before its answer was whole."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first part of an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]


class Exchange:
    """Over `reader` and `writer`, which are closed with it: `ask`, then `body`, then `close`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = _Answer()
        self._parser = httptools.HttpResponseParser(self._answer)
        self._bodyless = False

    async def ask(self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes]) -> Head:
        """Send a request whose body goes as `headers` say, by Content-Length or else in chunks; the head of
        the answer. Raises ExchangeFailed, and what `body` raises."""
        given = list(headers)
        chunked = any(name.lower() == "transfer-encoding" for name, _ in given)
        self._bodyless = method == "HEAD"
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given)]
        self._writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1"))
        sending = asyncio.ensure_future(self._send(body, chunked))
        reading = asyncio.ensure_future(self._read_head())
        try:
            # Who refuses may answer before it has read a body, and then reads no more of it.
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and (error := sending.exception()) is not None:
                raise error
            return await reading
        finally:
            for task in (sending, reading):
                task.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)

    async def body(self) -> AsyncGenerator[bytes]:
        """The body of the answer. Raises ExchangeFailed where it is cut off."""
        while True:
            while self._answer.parts:
                yield self._answer.parts.pop(0)
            if self._answer.complete or self._bodyless:
                return
            if not await self._feed():
                if self._answer.framed:
                    raise ExchangeFailed("the answer ended in its middle")
                return

    def close(self) -> None:
        self._writer.close()

    async def _send(self, body: AsyncIterator[bytes], chunked: bool) -> None:
        with contextlib.suppress(ConnectionError):  # what it said before it hung up is read all the same
            async for part in body:
                self._writer.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
                await self._writer.drain()
            if chunked:
                self._writer.write(b"0\r\n\r\n")
            await self._writer.drain()

    async def _read_head(self) -> Head:
        while not self._answer.begun:
            if not await self._feed():
                raise ExchangeFailed("the connection was closed before an answer")
        return Head(self._parser.get_status_code(), tuple(self._answer.headers))

    async def _feed(self) -> bool:
        try:
            async with asyncio.timeout(_SILENCE):
                data = await self._reader.read(_CHUNK)
            self._parser.feed_data(data) if data else None
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            raise ExchangeFailed(str(error) or type(error).__name__) from error
        return bool(data)


class _Answer:
    """What the parser tells."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.parts: list[bytes] = []
        self.begun = False
        self.complete = False
        self.framed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.begun = True
        self.framed = any(n.lower() in ("content-length", "transfer-encoding") for n, _ in self.headers)

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.complete = True
