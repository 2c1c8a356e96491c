"""The node's side: starts the launcher, then speaks to it from the event loop, without privileges."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingle.sandbox.api import (
    Executable,
    Exit,
    Isolation,
    LauncherLost,
    Level,
    SandboxError,
    SandboxSpec,
    Started,
)
from ingle.sandbox.config import HostConfig
from ingle.sandbox.datagrams import Malformed, Port
from ingle.sandbox.protocol import (
    TO_NODE,
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
from ingle.sandbox.record import default_state_dir

_START_PATIENCE = 20.0  # seconds for one level to be tried
_PATIENCE = 15.0  # seconds for an answer; the launcher's own deadlines are shorter and say what went wrong
_WARM_PATIENCE = 35.0
_MOST_UNSENT = 4096
_NOBODY = 0  # the number of a request whose answer nobody waits for
_QUOTA_PERIOD = 100_000  # microseconds; see `cgroup`

# The package `ingle` is stood up bare, so that the launcher runs none of its code but this room's, and finds
# nothing of the machine's site-packages.
_BOOT = (
    "import sys, types; package = sys.modules['ingle'] = types.ModuleType('ingle');"
    "package.__path__ = [sys.argv[1]]; from ingle.sandbox.launcher import main; main(int(sys.argv[2]))"
)


def start(config: HostConfig) -> LauncherHost:
    """Start the launcher with the best level that works, or the one that `config` names.

    Called before the event loop runs and before privileges are dropped. Blocks, at most 20 s per level.
    Raises SandboxError when no level works."""
    config = replace(config, state_dir=config.state_dir or default_state_dir())
    wanted: tuple[Level, ...] = ("namespaces", "rootless", "process")
    if config.level is not None:
        wanted = (config.level,)
    elif os.geteuid() != 0:
        wanted = ("rootless", "process")
    reasons: list[str] = []
    for level in wanted:
        try:
            return _start_level(replace(config, level=level), reasons)
        except SandboxError as error:
            reasons.append(f"{level} is not possible here: {error}")
    raise SandboxError("; ".join(reasons))


def _start_level(config: HostConfig, reasons: Sequence[str]) -> LauncherHost:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    package = str(Path(__file__).resolve().parents[1])
    argv = [sys.executable, "-I", "-S", "-B", "-c", _BOOT, package, str(theirs.fileno())]
    keep = {name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "PATH") if name in os.environ}
    process = subprocess.Popen(argv, env=keep, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), cwd="/")
    theirs.close()
    port = Port(ours, TO_NODE)
    try:
        ours.settimeout(_START_PATIENCE)
        port.send(config)
        received = port.receive()
        if received is None or not isinstance(received[0], Hello):
            said = received[0].error if received is not None else "the launcher ended at once"
            raise SandboxError(said)
    except (SandboxError, OSError, Malformed) as error:
        port.close()
        _end(process)
        raise SandboxError(str(error)) from None
    ours.setblocking(False)
    isolation = received[0].isolation
    return LauncherHost(port, process, replace(isolation, lacks=(*reasons, *isolation.lacks)))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a launcher whose socket is closed: it cleans up and goes; else it is killed."""
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class LauncherHost:
    """`SandboxHost` over a launcher."""

    def __init__(self, port: Port, process: subprocess.Popen[bytes], isolation: Isolation) -> None:
        self.isolation = isolation
        self._port = port
        self._process = process
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_lost: Callable[[], None] | None = None
        self._answers: dict[int, asyncio.Future[tuple[Done, list[int]]]] = {}
        self._sandboxes: dict[str, LauncherSandbox] = {}
        self._undo: dict[int, object] = {}  # for requests that were given up and are not answered yet
        self._unsent: deque[tuple[object, tuple[int, ...]]] = deque()
        self._number = 0
        self._closed = False

    @property
    def launcher_pid(self) -> int:
        return self._process.pid

    def attach(self, on_lost: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_lost = on_lost
        self._loop.add_reader(self._port.fileno(), self._read)

    async def create(self, spec: SandboxSpec, program: str | Executable | None = None) -> LauncherSandbox:
        if spec.name in self._sandboxes:
            raise SandboxError(f"the name {spec.name} is taken")
        # Known before it is made: a program that runs in it already may end at once.
        sandbox = self._sandboxes[spec.name] = LauncherSandbox(self, spec.name)
        undo = Destroy(_NOBODY, spec.name)
        try:
            answer, fds = await self.ask(lambda number: Create(number, spec, program), undo=undo)
        except BaseException:
            self.forget(spec.name)
            raise
        sandbox.made(answer, fds)
        return sandbox

    async def warm(self, zygote: str) -> None:
        await self.ask(lambda number: Warm(number, zygote), patience=_WARM_PATIENCE)

    async def close(self) -> None:
        if self._closed:
            return
        with contextlib.suppress(LauncherLost):
            await self.ask(lambda number: Close(number))
        self._lose(told=False)
        await asyncio.get_running_loop().run_in_executor(None, _end, self._process)

    # -- for sandboxes

    async def ask(
        self,
        request: Callable[[int], object],
        fds: tuple[int, ...] = (),
        patience: float = _PATIENCE,
        undo: object = None,
    ) -> tuple[Done, list[int]]:
        """Send a request and wait for its answer. `undo` is sent when it succeeds after the caller has given
        up. Raises SandboxError, LauncherLost."""
        if self._loop is None or self._closed:
            raise LauncherLost("the launcher is gone" if self._closed else "not attached to an event loop")
        self._number += 1
        number = self._number
        future: asyncio.Future[tuple[Done, list[int]]] = self._loop.create_future()
        self._answers[number] = future
        try:
            self.tell(request(number), fds)
            # Not `wait_for`, which on Python 3.11 loses a cancellation that comes together with the answer.
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError:
            self._give_up(number, future, undo)
            raise SandboxError("the launcher did not answer in time") from None
        except asyncio.CancelledError:
            self._give_up(number, future, undo)
            raise
        finally:
            del self._answers[number]

    def _give_up(self, number: int, future: asyncio.Future[tuple[Done, list[int]]], undo: object) -> None:
        """Nobody waits for this answer any more, which may come yet, or have come this moment."""
        if future.cancelled() or not future.done():
            if undo is not None:
                self._undo[number] = undo
        elif future.exception() is None:
            _close_all(future.result()[1])
            if undo is not None and not self._closed:
                self.tell(undo)

    def tell(self, message: object, fds: tuple[int, ...] = ()) -> None:
        """Send without waiting, in order. Descriptors are duplicated where the message must wait its turn."""
        if self._closed:
            raise LauncherLost("the launcher is gone")
        if not self._unsent:
            try:
                self._port.send(message, fds)
                return
            except BlockingIOError:
                assert self._loop is not None
                self._loop.add_writer(self._port.fileno(), self._write)
            except OSError:
                self._lose(told=True)
                raise LauncherLost("the launcher is gone") from None
            except ValueError as error:
                raise SandboxError(str(error)) from None
        if len(self._unsent) >= _MOST_UNSENT:
            raise SandboxError("the launcher does not keep up")
        self._unsent.append((message, tuple(os.dup(fd) for fd in fds)))

    def forget(self, name: str) -> None:
        self._sandboxes.pop(name, None)

    # -- the socket

    def _write(self) -> None:
        assert self._loop is not None
        while self._unsent:
            message, fds = self._unsent[0]
            try:
                self._port.send(message, fds)
            except BlockingIOError:
                return
            except OSError:
                self._lose(told=True)
                return
            self._unsent.popleft()
            _close_all(fds)
        self._loop.remove_writer(self._port.fileno())

    def _read(self) -> None:
        for _ in range(64):  # a bounded turn; the loop comes back for the rest
            try:
                received = self._port.receive()
            except BlockingIOError:
                return
            except (OSError, Malformed):
                received = None
            if received is None:
                self._lose(told=True)
                return
            self._take(*received)

    def _take(self, message: Any, fds: list[int]) -> None:
        if isinstance(message, Exited):
            sandbox = self._sandboxes.get(message.name)
            if sandbox is not None:
                sandbox.exited(Exit(message.code, message.signal, message.out_of_memory))
            return
        future = self._answers.get(message.id)
        if future is None or future.done():
            _close_all(fds)  # whoever asked has given up
            undo = self._undo.pop(message.id, None)
            if undo is not None and isinstance(message, Done):
                self.tell(undo)
        elif isinstance(message, Failed):
            future.set_exception(SandboxError(message.error))
        else:
            future.set_result((message, fds))

    def _lose(self, told: bool) -> None:
        """The launcher is gone, uninvited (`told`) or not: everything that waits is told."""
        if self._closed:
            return
        self._closed = True
        assert self._loop is not None
        self._loop.remove_reader(self._port.fileno())
        self._loop.remove_writer(self._port.fileno())
        self._port.close()
        for _, fds in self._unsent:
            _close_all(fds)
        self._unsent.clear()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(LauncherLost("the launcher is gone"))
        for sandbox in list(self._sandboxes.values()):
            sandbox.lost()
        if told and self._on_lost is not None:
            self._on_lost()


class LauncherSandbox:
    """`Sandbox` over a launcher; to be used from `made` on."""

    def __init__(self, host: LauncherHost, name: str) -> None:
        self.name = name
        self.paths: Mapping[str, str] = {}
        self._host = host
        self._listeners: dict[int, socket.socket] = {}
        self._held: dict[str, int] = {}  # descriptors from the launcher by name
        self._started: Started | None = None
        self._on_exit: Callable[[Exit], None] | None = None
        self._untold: Exit | None = None  # an end that came before there was anybody to tell
        self._gone = False

    def made(self, answer: Done, fds: Sequence[int]) -> None:
        """Called by the host when the launcher has made it; the descriptors are ours from now on."""
        held = dict(zip(answer.held, fds, strict=True))
        if answer.pid:
            channel = socket.socket(fileno=held.pop("channel"))
            self._started = Started(answer.pid, channel, held.pop("output"))
        for key in [key for key in held if key.startswith("port:")]:
            self._listeners[int(key[5:])] = socket.socket(fileno=held.pop(key))
        self._held = held
        self.paths = dict(_pairs(answer))

    @property
    def listeners(self) -> Mapping[int, socket.socket]:
        return self._listeners

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        self._check()
        self._on_exit = callback
        untold, self._untold = self._untold, None
        if untold is not None:
            asyncio.get_running_loop().call_soon(callback, untold)

    def take_started(self) -> Started | None:
        self._check()
        started, self._started = self._started, None
        return started

    async def launch(self, program: str | Executable, channel: socket.socket, output: int) -> int:
        self._check()
        fds = (channel.fileno(), output)
        answer, _ = await self._host.ask(lambda number: Launch(number, self.name, program), fds)
        return answer.pid

    async def stop(self) -> None:
        self._check()
        await self._host.ask(lambda number: Stop(number, self.name))

    def freeze(self) -> None:
        self._check()
        self._control("freeze")

    def thaw(self) -> None:
        self._check()
        self._control("thaw")

    def _control(self, action: str) -> None:
        fd = self._held.get("freezer")
        if fd is None:
            self._host.tell(Signal(self.name, "freeze" if action == "freeze" else "thaw"))
            return
        os.pwrite(fd, _FREEZER_WORDS[self._version(fd)][action], 0)

    def throttle(self, processors: float | None) -> None:
        self._check()
        fd = self._held.get("quota")
        if fd is None:
            raise SandboxError("this isolation level has no CPU cap")
        if processors is not None and not 0.01 <= processors <= 1024:
            raise SandboxError(f"{processors} is not between 0.01 and 1024 processors")
        quota = None if processors is None else int(processors * _QUOTA_PERIOD)
        if self._version(self._held["freezer"]) == 1:
            os.pwrite(fd, str(-1 if quota is None else quota).encode(), 0)
        else:
            os.pwrite(fd, f"{'max' if quota is None else quota} {_QUOTA_PERIOD}".encode(), 0)

    @staticmethod
    def _version(fd: int) -> int:
        return 1 if os.readlink(f"/proc/self/fd/{fd}").endswith("freezer.state") else 2

    def memory_peak(self) -> int | None:
        self._check()
        fd = self._held.get("peak")
        return None if fd is None else int(os.pread(fd, 64, 0))

    async def destroy(self) -> None:
        if self._gone:
            return
        self._gone = True
        self._close_held()
        try:
            await self._host.ask(lambda number: Destroy(number, self.name))
        finally:
            self._host.forget(self.name)

    def _check(self) -> None:
        if self._gone:
            raise SandboxError(f"sandbox {self.name} is destroyed")

    def exited(self, end: Exit) -> None:
        """Called by the host when the launcher reports the end of the program."""
        if self._on_exit is None:
            self._untold = end
        else:
            self._on_exit(end)

    def lost(self) -> None:
        """Called by the host when the launcher is gone: the processes are marked to die, but in version 1 of
        the cgroups a frozen one does not until it is thawed."""
        if "freezer" in self._held:
            with contextlib.suppress(OSError):  # removed with the sandbox
                self._control("thaw")

    def _close_held(self) -> None:
        if self._started is not None:
            self._started.channel.close()
            os.close(self._started.output)
            self._started = None
        for sock in self._listeners.values():
            sock.close()
        _close_all(tuple(self._held.values()))
        self._held = {}
        self._listeners = {}


_FREEZER_WORDS = {1: {"freeze": b"FROZEN", "thaw": b"THAWED"}, 2: {"freeze": b"1", "thaw": b"0"}}


def _pairs(answer: Done) -> list[tuple[str, str]]:
    return [(target, path) for target, path in answer.paths]


def _close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
