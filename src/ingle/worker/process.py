"""One run of a runtime in a sandbox, seen from the node: its channel, its output, its end.

Reads are driven by the event loop and writes are tried at once, because each hand-over would be latency on
the path of an invocation. The process is lost exactly once, for whatever reason: it exited, closed its
channel, or broke the protocol; the last frames and the last output that it sent come before that.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Protocol

from ingle.sandbox.api import Executable, Exit, Sandbox, Started
from ingle.worker.frames import Frame, FrameReader, ProtocolError
from ingle.worker.pipe import OutputPipe, Taker

_READ = 256 * 1024
_LAST_READS = 16  # a descendant that never stops writing may not hold up the news of an exit
_EXIT_GRACE = 1.0  # seconds from a closed channel to the news of the exit, before we stop waiting for it


class Owner(Taker, Protocol):
    """Who owns the process and hears of it. Every call comes on the event loop. What is held back is frames
    as well as output."""

    def frame_received(self, frame: Frame) -> None: ...
    def process_lost(self, exit: Exit | None, reason: str | None) -> None:
        """`exit` is None where the process closed its channel and has not ended yet; `reason` says what
        rule it broke, if it did."""
        ...


class RuntimeProcess:
    """One runtime: `started` where it runs already, and waits for INIT, else one still to be launched."""

    def __init__(self, owner: Owner, started: Started | None = None) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._far: tuple[socket.socket, int] | None = None  # the ends for a program to be launched
        if started is None:
            self._channel, far_channel = socket.socketpair()
            output, far_output = os.pipe()
            self._far = (far_channel, far_output)
        else:
            self._channel, output = started.channel, started.output
        self._channel.setblocking(False)
        self._output = OutputPipe(owner, output)
        self._unsent: memoryview | None = None
        self._lost = False
        self._held = False
        self._grace: asyncio.TimerHandle | None = None

    async def start(self, sandbox: Sandbox, program: str | Executable) -> None:
        """Launch the program, unless it runs already. Raises SandboxError, and is then closed."""
        self._loop.add_reader(self._channel, self._channel_readable)
        self._output.watch()
        sandbox.on_exit(self._exited)
        if self._far is None:
            return
        channel, output = self._far
        try:
            await sandbox.launch(program, channel, output)
        except BaseException:
            self.close()
            raise
        finally:
            channel.close()
            os.close(output)

    def send(self, data: bytes) -> None:
        """Send a frame: at once where the socket takes it, the rest when it can."""
        if self._lost:
            return
        try:
            sent = self._channel.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # the other end is gone: its exit is on the way
            return
        if sent < len(data):
            self._unsent = memoryview(data)[sent:]
            self._loop.add_writer(self._channel, self._channel_writable)

    @property
    def sending(self) -> bool:
        """Whether the program has not taken yet all that was sent to it."""
        return self._unsent is not None

    def drain_output(self) -> None:
        """Take what stands in the output pipe now."""
        self._output.drain()

    def hold(self) -> bool:
        """Leave output and frames where they are until `resume`: the function stops when both are full.
        Whether that is news."""
        if self._held or self._lost:
            return False
        self._held = True
        self._loop.remove_reader(self._channel)
        self._output.unwatch()
        return True

    def resume(self) -> None:
        """Undo `hold`."""
        if not self._held or self._lost:
            return
        self._held = False
        if self._grace is None:
            self._loop.add_reader(self._channel, self._channel_readable)
        self._output.watch()

    def close(self) -> None:
        """Let go of the process: nothing more is heard of it."""
        self._lost = True
        if self._grace is not None:
            self._grace.cancel()
        self._output.close()
        if self._channel.fileno() >= 0:
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
            self._channel.close()

    def _channel_readable(self) -> None:
        try:
            data = self._channel.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._channel)
            self._grace = self._loop.call_later(_EXIT_GRACE, self._lose, None, "closed its channel")
            return
        try:
            frames = self._reader.feed(data)
        except ProtocolError as error:
            self._lose(None, str(error))
            return
        for frame in frames:
            if self._lost:
                return
            self._owner.frame_received(frame)

    def _channel_writable(self) -> None:
        assert self._unsent is not None
        try:
            sent = self._channel.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._unsent = None
            self._loop.remove_writer(self._channel)

    def _exited(self, exit: Exit) -> None:
        """Hear the last words first: they were sent before the end."""
        for _ in range(_LAST_READS):
            if self._lost or self._grace is not None or not _readable(self._channel):
                break
            self._channel_readable()
        self._lose(exit, None)

    def break_off(self, reason: str) -> None:
        """Take nothing more from a program that broke a rule: it is lost."""
        self._lose(None, reason)

    def _lose(self, exit: Exit | None, reason: str | None) -> None:
        if self._lost:
            return
        self._output.read()
        self.close()
        self._owner.process_lost(exit, reason)


def _readable(channel: socket.socket) -> bool:
    """Whether a byte, or the end, can be read."""
    try:
        channel.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
