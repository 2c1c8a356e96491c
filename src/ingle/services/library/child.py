"""The process in which the library runs: started on the first call, watched, started again when it dies.

It is ours by its standard input: when that closes, because we say so or because this node was killed, it
saves its state and ends. Its lock on the state keeps a successor waiting until it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ingle.services.library.exchange import Exchange

_START_PATIENCE = 60.0  # seconds: a large snapshot takes some to be read
_STOP_PATIENCE = 15.0
_READY = b"ready\n"
_PROGRAM = "ingle.services.library.host"
_log = logging.getLogger(__name__)


class ChildUnavailable(Exception):
    """The process does not run now; it may in a moment."""


@dataclass(frozen=True)
class ChildSettings:
    """directory: for the snapshot and the socket. endpoint: Ingle's own, where functions and queues are.
    account: whose requests are that name none. keep: whether state is kept at all."""

    directory: Path
    endpoint: str
    account: str
    keep: bool = True


class Child:
    """At most one process at a time: `connect` starts it where it does not run, `close` ends it."""

    def __init__(self, settings: ChildSettings) -> None:
        self._settings = settings
        self._socket = settings.directory / "library.socket"
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process that runs, if one does."""
        return None if self._process is None else self._process.pid

    async def connect(self) -> Exchange:
        """An exchange with the process, which is started now if it does not run. Raises ChildUnavailable."""
        async with self._starting:
            if self._process is None:
                await self._start()
        try:
            return Exchange(*await asyncio.open_unix_connection(str(self._socket)))
        except OSError as error:
            raise ChildUnavailable(f"the library's process does not take a connection: {error}") from error

    async def close(self) -> None:
        """Have it save its state and end; killed where that takes longer than 15 s."""
        self._closed = True
        async with self._starting:
            process, watcher = self._process, self._watcher
            if process is not None:
                assert process.stdin is not None
                process.stdin.close()
                await _ended(process)
        if watcher is not None:
            await watcher

    async def _start(self) -> None:
        if self._closed:
            raise ChildUnavailable("the node is stopping")
        self._settings.directory.mkdir(mode=0o700, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(self._settings),
            start_new_session=True,  # a Ctrl-C is for the node, which then ends it in order
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(_START_PATIENCE):
                line = await process.stdout.readline()
        except BaseException as error:
            process.kill()
            await process.wait()
            if isinstance(error, TimeoutError):
                raise ChildUnavailable("the library's process did not start in time") from error
            raise
        if line != _READY:
            status = await _ended(process)
            raise ChildUnavailable(f"the library's process ended with status {status} while it started")
        self._process = process
        self._watcher = asyncio.get_running_loop().create_task(self._watch(process))

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Start it again when it dies: its queues of calls and its timers are wanted without a request."""
        status = await process.wait()
        self._process = None
        if self._closed:
            return
        _log.error("the process of the embedded services ended with status %s: starting another", status)
        with contextlib.suppress(ChildUnavailable):
            async with self._starting:
                if self._process is None:
                    await self._start()

    def _command(self) -> list[str]:
        settings = self._settings
        kept = ["--snapshot", str(settings.directory / "library.snapshot")] if settings.keep else []
        return [
            *(sys.executable, "-m", _PROGRAM, "--socket", str(self._socket)),
            *("--endpoint", settings.endpoint, "--account", settings.account, *kept),
        ]


def _environment(settings: ChildSettings) -> dict[str, str]:
    """Nothing of the node's own AWS settings: a call that goes astray must not reach AWS with credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": settings.account,
        "AWS_SECRET_ACCESS_KEY": "ingle",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Where its interpreter of state machines finds the services that tasks call.
        "MOTO_PORT": settings.endpoint.rpartition(":")[2],
    }


async def _ended(process: asyncio.subprocess.Process) -> int:
    try:
        async with asyncio.timeout(_STOP_PATIENCE):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()
