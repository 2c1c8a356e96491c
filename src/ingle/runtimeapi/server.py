"""Serves one environment's APIs on a listener inside its sandbox: whoever connects there *is* it."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.connection import Connection
from ingle.runtimeapi.router import route

MAX_CONNECTIONS = 256  # at once; ten extensions and a runtime with threads have a few dozen
_ACCEPTS = 64  # at one turn of the event loop


class Server:
    """Accepts until `close`. `listener` stays its owner's."""

    def __init__(self, api: EnvironmentApi, listener: socket.socket) -> None:
        self._api = api
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._accepting: set[asyncio.Task[object]] = set()
        listener.setblocking(False)
        # Not `create_server`: this is on the path of every cold start, and most environments never use it.
        self._loop.add_reader(listener.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS):
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if len(self._connections) + len(self._accepting) >= MAX_CONNECTIONS:
                client.close()
                continue
            client.setblocking(False)
            task: asyncio.Task[object] = self._loop.create_task(self._serve(client))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    async def _serve(self, client: socket.socket) -> None:
        connection = Connection(partial(route, self._api), self._connections.discard)
        try:
            await self._loop.connect_accepted_socket(lambda: connection, client)
        except OSError:
            client.close()
            return
        self._connections.add(connection)

    def drop(self) -> None:
        """Cut every connection: whoever made them is gone."""
        for task in self._accepting:
            task.cancel()
        for connection in tuple(self._connections):
            connection.close()

    def close(self) -> None:
        """Accept no more, and cut every connection. Twice is no error."""
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener.fileno())
        self.drop()
