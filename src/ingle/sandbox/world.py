"""What every part of the launcher shares: the kernel, the loop, children, and what this host offers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from ingle.sandbox import kernel as k
from ingle.sandbox.api import Isolation
from ingle.sandbox.cgroup import Hierarchy
from ingle.sandbox.config import HostConfig
from ingle.sandbox.kernel import Kernel
from ingle.sandbox.loop import Loop
from ingle.sandbox.network.nat import Nat
from ingle.sandbox.rootfs import Template

PATIENCE = 10.0  # seconds for whatever a peer process has to answer


class Children:
    """The launcher's child processes by pid, each with the one that wants to know of its end.

    The launcher is a subreaper: processes whose zygote was killed become its children, and are reaped too,
    for a pid namespace cannot end before all its dead are reaped."""

    def __init__(self, loop: Loop) -> None:
        self._owners: dict[int, Callable[[], None]] = {}
        read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._wake = read
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        loop.watch(read, self._reap)

    def own(self, pid: int, on_end: Callable[[], None]) -> None:
        self._owners[pid] = on_end

    def _reap(self) -> None:
        os.read(self._wake, 4096)
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            on_end = self._owners.pop(pid, None)
            if on_end is not None:
                on_end()


class Slots:
    """Numbers for live sandboxes, the lowest free one first; user ids and addresses are made from them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: set[int] = set()

    def take(self) -> int | None:
        """A number that no live sandbox has; None when all are taken."""
        free = next((n for n in range(self._limit) if n not in self._taken), None)
        if free is not None:
            self._taken.add(free)
        return free

    def release(self, slot: int) -> None:
        self._taken.discard(slot)


@dataclass
class World:
    """uid: the user id of the sandbox in a slot, or -1 where there is none but the launcher's own."""

    config: HostConfig
    kernel: Kernel
    loop: Loop
    children: Children
    slots: Slots
    isolation: Isolation
    state_dir: str
    template: Template | None = None
    hierarchy: Hierarchy | None = None
    nat: Nat | None = None
    privileged: bool = True
    _mount_namespace: int = field(default_factory=lambda: _open_namespace("mnt"))
    _pid_namespace: int = field(default_factory=lambda: _open_namespace("pid"))

    def uid(self, slot: int) -> int:
        return self.config.uid_base + slot if self.privileged else -1

    def fork_namespace(self) -> int:
        """Fork a child that is process 1 of a new pid namespace; as `os.fork`."""
        self.kernel.unshare(k.CLONE_NEWPID)
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                self.kernel.setns(self._pid_namespace, k.CLONE_NEWPID)
        return pid

    def inside(self, pidfd: int, action: Callable[[], None]) -> None:
        """Do something in the mount namespace of that process. Only before hostile code has run there, or
        when it is all dead: paths are resolved in its root."""
        self.kernel.setns(pidfd, k.CLONE_NEWNS)
        try:
            action()
        finally:
            self.kernel.setns(self._mount_namespace, k.CLONE_NEWNS)


def _open_namespace(kind: str) -> int:
    return os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
