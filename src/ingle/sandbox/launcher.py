"""The launcher: the one process that may make sandboxes. Started by `host.start`, ends when the node does.

    python -I -S -c 'from ingle.sandbox.launcher import main; ...' SOCKET

It reads the `HostConfig`, enters its level, proves that a sandbox can be made by making one, says `Hello`,
and serves requests (`protocol.py`) on one thread. Standard library only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from ingle.sandbox import seccomp
from ingle.sandbox.ahead import Ahead, Waiting
from ingle.sandbox.api import Executable, SandboxError, Zygote
from ingle.sandbox.config import EXECUTOR, HostConfig
from ingle.sandbox.datagrams import Malformed, Port
from ingle.sandbox.live import LiveSandbox, State
from ingle.sandbox.place import Driver, Place
from ingle.sandbox.protocol import (
    TO_LAUNCHER,
    Close,
    Create,
    Destroy,
    Done,
    Exited,
    Failed,
    Hello,
    Launch,
    Signal,
    Stop,
    Warm,
)
from ingle.sandbox.setup import Setup
from ingle.sandbox.validate import Refused, check_executable, check_spec
from ingle.sandbox.world import PATIENCE, World
from ingle.sandbox.zygotes import Zygotes


class Launcher:
    """Serves one node."""

    def __init__(self, world: World, driver: Driver, port: Port) -> None:
        executor = Zygote(EXECUTOR, sys.executable, "", ())
        self._world = world
        self._driver = driver
        self._port = port
        self._zygotes = Zygotes(world, (*world.config.zygotes, executor), _filter(world))
        self._ahead = Ahead(world, self._zygotes, driver)
        self._sandboxes: dict[str, LiveSandbox] = {}
        self._making: set[str] = set()  # names of those that are not in `_sandboxes` yet
        self._handlers: dict[type, Callable[[Any, list[int]], None]] = {
            Create: self._create,
            Launch: self._launch,
            Stop: self._stop,
            Destroy: self._destroy,
            Warm: self._warm,
            Signal: self._signal,
            Close: self._close,
        }

    def serve(self) -> None:
        self._world.loop.watch(self._port.fileno(), self._read)
        self._world.loop.idle = lambda: self._driver.idle() or self._ahead.idle()
        self._world.loop.run()

    def _read(self) -> None:
        try:
            received = self._port.receive()
        except Malformed as error:
            return _complain(f"a malformed message from the node: {error}")
        if received is None:
            return self._shut(0)
        message, fds = received
        handler = self._handlers.get(type(message))
        try:
            if handler is None:
                raise Refused(f"{type(message).__name__} is not a request")
            handler(message, fds)
        except (SandboxError, OSError) as error:
            self._answer(getattr(message, "id", 0), str(error))
        finally:
            for fd in fds:
                os.close(fd)
        return None

    # -- requests; a handler takes descriptors out of `fds` that it keeps

    def _create(self, request: Create, fds: list[int]) -> None:
        check_spec(request.spec)
        name = request.spec.name
        if name in self._making or name in self._sandboxes:
            raise Refused(f"the name {name} is taken")
        if request.program is not None:
            self._check_program(request.program)
            waiting = self._ahead.take(request.program, request.spec.limits)
            if waiting is not None:
                return self._furnish(request, waiting.sandbox, waiting)
        self._making.add(name)

        def taken(place: Place | None, error: str) -> None:
            self._making.discard(name)
            if place is None:
                self._answer(request.id, error)
            else:
                sandbox = LiveSandbox(self._world, self._zygotes, place, self._reporter(name))
                self._furnish(request, sandbox, None)

        return self._driver.take(taken)

    def _furnish(self, request: Create, sandbox: LiveSandbox, waiting: Waiting | None) -> None:
        name = request.spec.name
        held = {}
        if waiting is not None:
            held = {"channel": waiting.channel.detach(), "output": waiting.output}
        try:
            pid, files, paths = sandbox.furnish(request.spec, self._reporter(name))
            held.update(files)
            self._sandboxes[name] = sandbox
            self._send(Done(request.id, pid, tuple(held), paths), list(held.values()))
        except (SandboxError, OSError) as error:
            text = str(error)
            sandbox.destroy(lambda *_: self._answer(request.id, text))
        finally:
            for fd in held.values():
                os.close(fd)

    def _check_program(self, program: str | Executable) -> None:
        if isinstance(program, Executable):
            check_executable(program)
        elif program == EXECUTOR or program not in self._zygotes.known:
            raise Refused(f"no zygote {program!r:.80}")

    def _launch(self, request: Launch, fds: list[int]) -> None:
        if len(fds) != 2:
            raise Refused("a launch comes with two descriptors")
        self._check_program(request.program)
        sandbox = self._find(request.name)
        channel, output = (os.dup(fd) for fd in fds)
        try:
            sandbox.launch(request.program, channel, output, self._answerer(request.id))
        except SandboxError:
            os.close(channel)
            os.close(output)
            raise

    def _stop(self, request: Stop, fds: list[int]) -> None:
        self._find(request.name).stop(self._answerer(request.id))

    def _destroy(self, request: Destroy, fds: list[int]) -> None:
        self._find(request.name).destroy(self._answerer(request.id))

    def _warm(self, request: Warm, fds: list[int]) -> None:
        self._check_program(request.zygote)
        self._ahead.expect(request.zygote)
        answer = self._answerer(request.id)
        self._zygotes.get(request.zygote).when_ready(lambda error: answer(error, 0))

    def _signal(self, request: Signal, fds: list[int]) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._find(request.name).signal(request.action)

    def _close(self, request: Close, fds: list[int]) -> None:
        self._shut(request.id)

    def _find(self, name: str) -> LiveSandbox:
        sandbox = self._sandboxes.get(name)
        if sandbox is None or sandbox.state is State.GONE:
            raise SandboxError(f"no sandbox {name!r:.80}")
        return sandbox

    # -- answers

    def _answerer(self, number: int) -> Callable[[str, int], None]:
        return lambda error, pid: self._answer(number, error, pid)

    def _answer(self, number: int, error: str, pid: int = 0) -> None:
        self._forget_gone()
        self._send(Failed(number, error) if error else Done(number, pid))

    def _forget_gone(self) -> None:
        gone = [name for name, sandbox in self._sandboxes.items() if sandbox.state is State.GONE]
        for name in gone:
            del self._sandboxes[name]

    def _reporter(self, name: str) -> Callable[[int, int | None, int | None, bool], None]:
        return lambda pid, code, number, memory: self._send(Exited(name, pid, code, number, memory))

    def _send(self, message: object, fds: list[int] | None = None) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # told by the end of the socket
            self._port.send(message, fds or ())

    # -- the end

    def _shut(self, number: int) -> None:
        """Destroy everything, answer, and let `serve` return; 10 s at the most."""
        loop = self._world.loop
        if self._port.fileno() in loop:
            loop.forget(self._port.fileno())
        loop.later(PATIENCE, loop.stop)
        left = 2

        def one_gone(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self._zygotes.close()
                self._end_zygotes(number)

        for sandbox in self._sandboxes.values():
            with contextlib.suppress(SandboxError):  # being destroyed already: its cgroup is waited for below
                left += 1
                sandbox.destroy(one_gone)
        self._ahead.close(one_gone)
        self._driver.close(one_gone)

    def _end_zygotes(self, number: int) -> None:
        if len(self._zygotes):
            self._world.loop.later(0.002, lambda: self._end_zygotes(number))
            return
        if number:
            self._answer(number, "")
        self._world.loop.stop()


def _filter(world: World) -> bytes:
    return b"" if world.isolation.level == "process" else seccomp.assemble()


def _complain(text: str) -> None:
    print(f"ingle launcher: {text}", file=sys.stderr, flush=True)  # noqa: T201  its one way to say something


def main(fd: int) -> None:
    """The life of the launcher process, in order."""
    os.setsid()  # a Ctrl-C is the node's to handle
    port = Port(socket.socket(fileno=fd), TO_LAUNCHER)
    port.sock.set_inheritable(False)
    received = port.receive()
    if received is None:
        return
    config = received[0]
    assert isinstance(config, HostConfig)
    setup = Setup(config)
    try:
        world, driver = setup.make()
        gc.collect()
        gc.freeze()  # inits share these pages
        setup.prove(driver)
    except (OSError, SandboxError, KeyError) as error:
        setup.undo()
        port.send(Failed(0, str(error)))
        return
    try:
        port.send(Hello(world.isolation))
        Launcher(world, driver, port).serve()
    finally:
        setup.undo()
