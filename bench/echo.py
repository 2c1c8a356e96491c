"""The floor of an invocation: a bare echo over loopback, through the HTTP parser that Ingle uses."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import httptools
import uvloop

from bench.node import EVENT, signed
from bench.processes import free_port, server

NAME = "echo"


class EchoProtocol(asyncio.Protocol):
    """Answers every request with its body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # uvloop's own class
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


class Echo:
    """A running echo server."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port
        self.request = signed("/2015-03-31/functions/function/invocations", EVENT, port)


@contextlib.contextmanager
def running() -> Iterator[Echo]:
    port = free_port()
    with server([sys.executable, "-m", "bench.echo", str(port)], port) as process:
        yield Echo(process.pid, port)


async def _serve(port: int) -> None:
    listener = await asyncio.get_running_loop().create_server(EchoProtocol, "127.0.0.1", port)
    await listener.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
