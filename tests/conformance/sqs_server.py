"""A node with nothing but SQS, on a loop of its own: `python -m tests.conformance.sqs_server <database>`."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from ingle.controlplane import Handlers
from ingle.edge.app import App
from ingle.edge.connection import Exchange, Headers
from ingle.edge.identity import Defaults
from ingle.edge.lambda_api import LambdaApi
from ingle.edge.server import EdgeServer, EdgeSettings, bind
from ingle.model.clock import Clock, SystemClock
from ingle.services import Services
from ingle.services.sqs import Sqs
from ingle.store import Database


class NoInvoke:
    """The hot path of a node without functions: it takes nothing."""

    date = b""

    def take(self, target: bytes, headers: Headers, answer: Callable[[bytes], None]) -> Exchange | None:
        return None


async def serve(path: Path, listener: socket.socket, ended: asyncio.Event, clock: Clock) -> None:
    """Serve until `ended`."""
    database = await Database.open(path)
    sqs, services = Sqs(database, clock), Services()
    services.add("sqs", sqs)
    await sqs.start()
    edge = EdgeServer(
        EdgeSettings(drain=0.2), App(LambdaApi(Handlers()), {}, Defaults(), services), NoInvoke()
    )
    await edge.start(listener)
    await ended.wait()
    sqs.end_polls()
    await edge.stop()
    await sqs.close()
    await database.close()


class ServerThread:
    """A server beside the test: `start`, `url`, `stop`."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._listener = bind("127.0.0.1", 0)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10), "the server did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the server did not stop"

    async def _run(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._loop.call_soon(self._ready.set)
        await serve(self._path, self._listener, self._ended, self._clock)


async def _main(path: Path) -> None:
    listener, ended = bind("127.0.0.1", 0), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serve(path, listener, ended, SystemClock())


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
