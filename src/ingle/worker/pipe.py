"""What a program writes to stdout and stderr, read from its pipe no faster than it is taken."""

from __future__ import annotations

import asyncio
import os
from typing import Protocol

_READ = 256 * 1024
_DRAIN_READS = 16  # a child process that never stops writing may not hold up an answer


class Taker(Protocol):
    """Who takes the output. Every call comes on the event loop."""

    def output_received(self, data: bytes) -> None: ...

    @property
    def held(self) -> bool:
        """Whether output has to wait: nobody can take it now."""
        ...


class OutputPipe:
    """Our end of the pipe, owned from here on."""

    def __init__(self, taker: Taker, fd: int) -> None:
        self._taker = taker
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        os.set_blocking(fd, False)

    def watch(self) -> None:
        """Read whenever there is something."""
        if self._fd >= 0:
            self._loop.add_reader(self._fd, self.drain)

    def unwatch(self) -> None:
        """Leave the output where it is: its writer stops when the pipe is full."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)

    def drain(self) -> None:
        """Take what stands in the pipe now."""
        for _ in range(_DRAIN_READS):
            if self._taker.held or not self.read():
                return

    def read(self) -> bool:
        """One read, whether it is held or not: more than a pipe holds. Whether there was something."""
        if self._fd < 0:
            return False
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return False
        if not data:
            self.close()
            return False
        self._taker.output_received(data)
        return True

    def close(self) -> None:
        """Let go of it. Twice is no error."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
