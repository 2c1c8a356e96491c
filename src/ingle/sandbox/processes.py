"""The driver of last resort, `process`: no namespaces, no cgroups; a user or process group and rlimits.

What it does not give is said aloud (`levels.PROCESS_LACKS`). Started as root, every sandbox still has its
own user id, so that all of its processes can be found and killed; otherwise a process that leaves the
program's process group escapes.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Mapping
from typing import Literal

from ingle.sandbox.api import Bind, Limits, SandboxSpec, Zygote
from ingle.sandbox.place import PROVISIONAL, Entry, Place
from ingle.sandbox.validate import open_source
from ingle.sandbox.world import PATIENCE, World

_PAUSE = 0.005  # seconds between looks at whether killed processes are gone
Then = Callable[[str], None]


class ProcessPlace:
    """A directory for /tmp, and the paths that stand for the specification's targets."""

    def __init__(self, world: World, slot: int) -> None:
        self._world = world
        self._slot = slot
        self._uid = world.uid(slot)
        self._tmp = os.path.join(world.state_dir, f"tmp-{slot}")
        self._paths: dict[str, str] = {"/tmp": self._tmp}
        self._limits: Limits | None = None

    def provide(self) -> None:
        """There is no limit but those of single processes."""

    def furnish(self, spec: SandboxSpec, pid: int) -> None:
        self._limits = spec.limits
        for bind in spec.binds:
            source = open_source(bind, self._world.config.roots)
            self._paths[bind.target] = os.readlink(f"/proc/self/fd/{source}")
            os.close(source)
        os.mkdir(self._tmp, 0o700)
        if self._uid >= 0:
            os.chown(self._tmp, self._uid, self._world.uid(0))
        if pid:
            size = spec.limits.memory_bytes
            resource.prlimit(pid, resource.RLIMIT_DATA, (size, size))

    def show(self, zygote: Zygote, binds: tuple[Bind, ...]) -> None:
        """Everything is visible already."""

    def entry(self) -> Entry:
        cwd = "/" if self._limits is None else self._paths.get("/var/task", self._tmp)
        return Entry(0, None, self._uid, self._world.uid(0), self._rlimits(), (), cwd)

    def _rlimits(self) -> tuple[tuple[int, int], ...]:
        given = self._limits or PROVISIONAL
        limits = [(resource.RLIMIT_NOFILE, given.descriptors), (resource.RLIMIT_CORE, 0)]
        if self._limits is not None:
            limits.append((resource.RLIMIT_DATA, given.memory_bytes))
        if self._uid >= 0:  # it counts a user's processes, and this user is only this sandbox's
            limits.append((resource.RLIMIT_NPROC, given.processes))
        return tuple(limits)

    def hand_over(self) -> tuple[Mapping[str, int], tuple[tuple[str, str], ...]]:
        return {}, tuple(self._paths.items())

    def signal(self, action: Literal["freeze", "thaw"], pid: int) -> None:
        if pid > 0:
            os.killpg(pid, signal.SIGSTOP if action == "freeze" else signal.SIGCONT)

    def oom_kills(self) -> int:
        return 0

    def kill_others(self, pid: int, then: Then) -> None:
        self._kill(pid, then, PATIENCE)

    def _kill(self, pid: int, then: Then, patience: float) -> None:
        if self._uid >= 0:
            _kill_user(self._uid)
        alive = _kill_group(pid)
        if not alive:
            then("")
        elif patience <= 0:
            then("its processes would not die")
        else:
            self._world.loop.later(_PAUSE, lambda: self._kill(pid, then, patience - _PAUSE))

    def end(self, pid: int, then: Then) -> None:
        def killed(error: str) -> None:
            shutil.rmtree(self._tmp, ignore_errors=True)
            self._world.slots.release(self._slot)
            then(error)

        self.kill_others(pid, killed)


def _kill_group(pid: int) -> bool:
    """SIGKILL to the process group of the program `pid`; whether there was still anybody in it."""
    if pid <= 0:
        return False
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _kill_user(uid: int) -> None:
    """SIGKILL to all processes of a user, at once, so that none can fork away: by a child that becomes it."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)


class Processes:
    """Nothing is prepared; there is nothing to prepare."""

    def __init__(self, world: World) -> None:
        self._world = world
        # The memory limit is one of single processes, and those of another user's cannot be changed.
        self.binds_late = not world.privileged

    def take(self, then: Callable[[Place | None, str], None]) -> None:
        slot = self._world.slots.take()
        if slot is None:
            then(None, "every sandbox that this node may have is in use")
        else:
            then(ProcessPlace(self._world, slot), "")

    def idle(self) -> bool:
        return False

    def close(self, then: Callable[[], None]) -> None:
        then()
