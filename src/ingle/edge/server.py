"""The listener: binds, accepts, sweeps, stops. Its life is told in call order: start, serve, stop.

Besides the node's own address it accepts on listeners that were made inside sandboxes: whoever connects
there is a function that calls Ingle, and is served like any other client.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from ingle.edge.connection import Connection, HotInvoke

_log = logging.getLogger(__name__)
_BACKLOG = 4_096


@dataclass(frozen=True)
class EdgeSettings:
    """idle_limit: seconds after which a silent connection is closed. request_limit: seconds in which a
    request has to arrive whole (a 70 MB upload over a slow line fits). drain: seconds that requests under
    way get at the end."""

    host: str = "127.0.0.1"
    port: int = 4566
    idle_limit: float = 75.0
    request_limit: float = 300.0
    drain: float = 5.0


class EdgeServer:
    """Serves `app` (ASGI) and `hot` on one port."""

    def __init__(
        self, settings: EdgeSettings, app: Any, hot: HotInvoke, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._config = Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
        self._config.load()
        self._state = ServerState()
        self._hot = hot
        self._clock = clock
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, listener: socket.socket) -> None:
        """Accept on `listener`, which is bound already. Raises OSError."""
        self._set_date()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_on())
        self._servers.append(await self._serve(listener))

    async def serve_inside(self, listener: socket.socket) -> asyncio.Server:
        """Accept on a listener made inside a sandbox, until what is returned is closed."""
        return await self._serve(listener)

    async def _serve(self, listener: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._connection, sock=listener, backlog=_BACKLOG)

    def _connection(self) -> asyncio.Protocol:
        return Connection(self._config, self._state, self._hot, self._clock)

    async def stop(self) -> None:
        """Accept no more, let what runs finish for `drain` seconds, then close."""
        for server in self._servers:
            server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain):
                while self._state.connections:  # noqa: ASYNC110 - uvicorn's set tells nobody when it is empty
                    await asyncio.sleep(0.02)
        for connection in list(self._state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()

    @property
    def connections(self) -> int:
        return len(self._state.connections)

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.sweep()

    def sweep(self) -> None:
        """Set the Date header anew, and close connections that are overdue. Once a second."""
        self._set_date()
        now = self._clock()
        for connection in list(self._state.connections):
            if isinstance(connection, Connection) and connection.overdue(
                now, self._settings.idle_limit, self._settings.request_limit
            ):
                connection.expire()

    def _set_date(self) -> None:
        self._hot.date = formatdate(usegmt=True).encode()
        self._state.default_headers = [(b"date", self._hot.date)]


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError with the address in its text."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener
