"""A sandbox without a kernel: the program is a coroutine in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ingle.sandbox.api import Executable, Exit, Sandbox, SandboxError, SandboxSpec, Started

_HEADER = struct.Struct("!BI")
KILLED = Exit(None, signal.SIGKILL)


class Program:
    """The runtime's end of the channel, with words for what runtimes do, well or badly."""

    def __init__(self, channel: socket.socket, output: int, ended: Callable[[Exit], None]) -> None:
        self._channel = channel
        self._output = output
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self.init: dict[str, Any] = {}

    async def receive(self) -> tuple[int, bytes]:
        """The next frame. Raises EOFError where the node has let go."""
        kind, length = _HEADER.unpack(await self._exactly(_HEADER.size))
        return kind, await self._exactly(length)

    async def take_init(self) -> None:
        kind, payload = await self.receive()
        assert kind == 1
        self.init = json.loads(payload)

    async def ready(self) -> None:
        await self.take_init()
        self.frame(16)

    async def take_invoke(self) -> tuple[dict[str, Any], bytes]:
        """Meta data and event of the next INVOKE."""
        kind, payload = await self.receive()
        assert kind == 2
        (length,) = struct.unpack_from("!I", payload)
        return json.loads(payload[4 : 4 + length]), payload[4 + length :]

    async def echo(self) -> None:
        """Answer every event with itself."""
        while True:
            meta, event = await self.take_invoke()
            self.respond(meta["request_id"], event)

    def frame(self, kind: int, payload: bytes = b"") -> None:
        self.raw(_HEADER.pack(kind, len(payload)) + payload)

    def respond(self, request_id: str, payload: bytes) -> None:
        self.frame(18, request_id.encode() + payload)

    def fail(self, request_id: str, error: dict[str, object]) -> None:
        self.frame(19, request_id.encode() + json.dumps(error).encode())

    def log(self, text: str, micros: int = 0) -> None:
        self.frame(20, struct.pack("!BQ", 3, micros) + text.encode())

    def raw(self, data: bytes) -> None:
        """Bytes that the socket's buffer holds; `send` is for more."""
        sent = self._channel.send(data)
        assert sent == len(data), "too long for the buffer"

    async def send(self, data: bytes) -> None:
        while data:
            try:
                sent = self._channel.send(data)
            except BlockingIOError:
                sent = 0
            data = data[sent:]
            await asyncio.sleep(0)

    def write(self, text: str) -> None:
        os.write(self._output, text.encode())

    async def flood(self, data: bytes, total: int) -> int:
        """Write `total` bytes to the output for as long as somebody reads them; how many were taken."""
        os.set_blocking(self._output, False)
        written = refused = 0
        while written < total and refused < 100:
            try:
                written += os.write(self._output, data)
                refused = 0
            except BlockingIOError:
                refused += 1
            await asyncio.sleep(0)
        return written

    def hang_up(self) -> None:
        """Close the channel and live on."""
        self._channel.close()

    def exit(self, code: int | None = 0, number: int | None = None, out_of_memory: bool = False) -> None:
        """The news of the exit; the channel's end is news of its own, and comes when the coroutine ends."""
        self._ended(Exit(code if number is None else None, number, out_of_memory))

    def close(self) -> None:
        self._channel.close()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1

    async def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = await self._loop.sock_recv(self._channel, length - len(data))
            if not part:
                raise EOFError
            data += part
        return data


Script = Callable[[Program], Awaitable[None]]


async def hang(program: Program) -> None:
    """A script that does nothing for ever."""
    await asyncio.get_running_loop().create_future()


async def echo(program: Program) -> None:
    """A script that answers every event with itself."""
    await program.ready()
    await program.echo()


class FakeSandbox:
    """`Sandbox`. Each launch runs the next of `scripts`, the last one for ever."""

    def __init__(self, *scripts: Script, name: str = "fake-1") -> None:
        self.name = name
        self.scripts = list(scripts)
        self.done: list[str] = []  # what was asked of it, in order
        self.peak: int | None = 36 * 1024 * 1024
        self.launch_error: SandboxError | None = None
        self.stop_gate: asyncio.Event | None = None  # `stop` waits for it
        self.destroy_gate: asyncio.Event | None = None
        self.started: Started | None = None
        self.alive = 0
        self.destroyed = False
        self.frozen = False
        self.listeners: dict[int, socket.socket] = {}
        self.paths: Mapping[str, str] = {}
        self._callback: Callable[[Exit], None] = lambda _: None
        self._task: asyncio.Task[None] | None = None
        self._reported = False

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        self._callback = callback

    def take_started(self) -> Started | None:
        started, self.started = self.started, None
        return started

    async def launch(self, program: str | Executable, channel: socket.socket, output: int) -> int:
        self.done.append("launch")
        if self.destroyed:
            raise SandboxError("it is gone")
        if self.launch_error is not None:
            raise self.launch_error
        assert self._task is None or self._task.done(), "a program is still running"
        mine = channel.dup()
        mine.setblocking(False)
        self._reported = False
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self._task = asyncio.create_task(self._run(script, Program(mine, os.dup(output), self._ended)))
        return 4242

    async def _run(self, script: Script, program: Program) -> None:
        self.alive += 1
        try:
            await script(program)
        except (EOFError, ConnectionError):
            pass
        except asyncio.CancelledError:
            self._ended(KILLED)
        finally:
            self.alive -= 1
            program.close()

    def _ended(self, exit: Exit) -> None:
        if not self._reported:
            self._reported = True
            self._callback(exit)

    async def stop(self) -> None:
        self.done.append("stop")
        if self.stop_gate is not None:
            await self.stop_gate.wait()
        await self._kill()

    async def _kill(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def freeze(self) -> None:
        self.frozen = True
        self.done.append("freeze")

    def thaw(self) -> None:
        self.frozen = False
        self.done.append("thaw")

    def throttle(self, processors: float | None) -> None:
        self.done.append(f"throttle {processors}")

    def memory_peak(self) -> int | None:
        return self.peak

    async def destroy(self) -> None:
        if not self.destroyed:
            self.done.append("destroy")
        self.destroyed = True
        if self.destroy_gate is not None:
            await self.destroy_gate.wait()
        await self._kill()


class FakeHost:
    """Makes `FakeSandbox`es that run `script`, and keeps them for the test to see."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.specs: list[SandboxSpec] = []
        self.sandboxes: list[FakeSandbox] = []

    async def create(self, spec: SandboxSpec, program: str | Executable | None = None) -> Sandbox:
        self.specs.append(spec)
        self.sandboxes.append(FakeSandbox(*self.scripts, name=spec.name))
        return self.sandboxes[-1]
