"""Zygote processes from the launcher's side: started at first need, asked to fork, replaced when dead."""

from __future__ import annotations

import base64
import itertools
import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from ingle.sandbox.api import Zygote
from ingle.sandbox.datagrams import send_descriptors
from ingle.sandbox.loop import Timer
from ingle.sandbox.world import World

START_PATIENCE = 30.0  # seconds for an interpreter to start and preload its program
_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zygote.py")
_SOCKET = 3
# Compiled under another name: what a function prints of its stack does not show where Ingle is installed.
_BOOT = "import sys; exec(compile(open(sys.argv[1], 'rb').read(), '/init', 'exec'))"
# -I and -S: nothing from the environment, the user's or the machine's site-packages runs while privileged.
_FLAGS = ("-I", "-S", "-B")

_SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}

Forked = Callable[[int, str], None]  # (pid, "") or (0, error)
Ended = Callable[[int | None], None]  # wait status, or None: unknown, its zygote died


class ZygoteProcess:
    """One running zygote. `ready` callbacks get "" or an error."""

    def __init__(self, world: World, zygote: Zygote, seccomp: bytes, on_lost: Callable[[], None]) -> None:
        self._world = world
        self._on_lost = on_lost
        self._ready: list[Callable[[str], None]] | None = []
        self._error = ""
        self._forks: dict[int, Forked] = {}
        self._ends: dict[int, Ended] = {}
        self._numbers = itertools.count(1)
        self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = _spawn(zygote.interpreter, theirs)
        theirs.close()
        self._timer: Timer = world.loop.later(START_PATIENCE, self.kill)
        world.children.own(self.pid, self._gone)
        world.loop.watch(self._sock.fileno(), self._read)
        self._send(
            {
                "seccomp": base64.b64encode(seccomp).decode(),
                "program": zygote.program,
                "privileged": os.geteuid() == 0,  # also in a user namespace of its own
            }
        )

    def when_ready(self, then: Callable[[str], None]) -> None:
        if self._ready is None:
            then(self._error)
        else:
            self._ready.append(then)

    def fork(self, job: dict[str, Any], fds: Sequence[int], forked: Forked, ended: Ended) -> int:
        """Ask for a child; the number of this request, for `abandon`."""
        number = next(self._numbers)
        self._forks[number] = lambda pid, error: self._forked(pid, error, forked, ended)
        try:
            self._send({"launch": {**job, "id": number}}, fds)
        except OSError as error:
            self._forks.pop(number)
            forked(0, f"its zygote does not listen: {error}")
        return number

    def kill(self) -> None:
        """End it; whoever waits for it is told."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def _forked(self, pid: int, error: str, forked: Forked, ended: Ended) -> None:
        if pid:
            self._ends[pid] = ended
        forked(pid, error)

    def _read(self) -> None:
        data = self._sock.recv(1 << 16)
        if not data:
            return self._world.loop.forget(self._sock.fileno())  # its end is told by SIGCHLD
        message = json.loads(data)
        if "ready" in message:
            self._started(message["ready"])
        elif "id" in message:
            forked = self._forks.pop(message["id"], None)
            if forked is not None:
                forked(message.get("pid", 0), message.get("error", ""))
        else:
            ended = self._ends.pop(message["pid"], None)
            if ended is not None:
                ended(message["status"])
        return None

    def _started(self, error: str) -> None:
        self._timer.cancel()
        self._error = error
        waiting, self._ready = self._ready or [], None
        for then in waiting:
            then(error)

    def _gone(self) -> None:
        self.pid = 0
        self._drain()
        self._on_lost()
        if self._ready is not None:
            self._started("the zygote ended before it was ready")
        forks, self._forks = self._forks, {}
        for forked in forks.values():
            forked(0, "the zygote ended")
        ends, self._ends = self._ends, {}
        for ended in ends.values():
            ended(None)

    def _drain(self) -> None:
        """Hear what it said before it died, then close."""
        self._sock.setblocking(False)
        try:
            while self._sock.fileno() in self._world.loop:
                self._read()
        except OSError:
            self._world.loop.forget(self._sock.fileno())
        self._sock.close()

    def _send(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        send_descriptors(self._sock, json.dumps(message).encode(), fds)


class Zygotes:
    """All of them by name."""

    def __init__(self, world: World, zygotes: Sequence[Zygote], seccomp: bytes) -> None:
        self._world = world
        self._seccomp = seccomp
        self.known = {zygote.name: zygote for zygote in zygotes}
        self._running: dict[str, ZygoteProcess] = {}

    def get(self, name: str) -> ZygoteProcess:
        """The running zygote, started if need be. Raises OSError when its interpreter cannot be started."""
        running = self._running.get(name)
        if running is None:
            running = ZygoteProcess(self._world, self.known[name], self._seccomp, lambda: self._lost(name))
            self._running[name] = running
        return running

    def _lost(self, name: str) -> None:
        del self._running[name]

    def close(self) -> None:
        for zygote in list(self._running.values()):
            zygote.kill()

    def __len__(self) -> int:
        return len(self._running)


def _spawn(interpreter: str, sock: socket.socket) -> int:
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, 2, 1),
        (os.POSIX_SPAWN_DUP2, sock.fileno(), _SOCKET),
    ]
    argv = [interpreter, *_FLAGS, "-c", _BOOT, _FILE, str(_SOCKET)]
    return os.posix_spawn(
        interpreter, argv, environ, file_actions=actions, setsid=True, setsigdef=_SIGNALS, setsigmask=()
    )
