"""A shell: an empty sandbox with its namespaces, waiting for a specification. `namespaces` and `rootless`."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from ingle.sandbox import init, rootfs
from ingle.sandbox import kernel as k
from ingle.sandbox.api import Bind, Limits, SandboxSpec, Zygote
from ingle.sandbox.datagrams import Malformed, Port
from ingle.sandbox.place import PROVISIONAL, Entry
from ingle.sandbox.validate import below, open_source
from ingle.sandbox.world import PATIENCE, World

_REMOVAL_PAUSE = 0.005  # seconds between tries to remove a cgroup that still has dying processes
_KILL_PATIENCE = 5.0  # seconds until killed processes must be gone
_FIRST_PAUSE, _LAST_PAUSE = 0.0002, 0.01  # seconds between looks at whether they are
Then = Callable[[str], None]


class Shell:
    """One shell, from the launcher's side: `start`, `furnish`, any number of `kill_others`, `end`."""

    def __init__(self, world: World, slot: int) -> None:
        self._world = world
        self._slot = slot
        self._uid = world.uid(slot)
        self._group = world.hierarchy.group(f"sandbox-{slot}") if world.hierarchy else None
        self._passwd = os.path.join(world.state_dir, f"passwd-{slot}")
        self._link = world.nat.number() if world.nat else 0
        self._joins: tuple[int, ...] = ()
        self._limits: Limits | None = None
        self._listeners: list[int] = []
        self._shown: set[str] = set()
        self._alive = False
        self._pidfd = -1
        self._control: Port | None = None
        self._waiting: Then | None = None  # for the init to be ready
        self._kills: deque[Then] = deque()  # of everything inside, one after the other
        self._orders: deque[Callable[[bool], None]] = deque()  # for the init's answers, in order
        self._ended: Then | None = None

    # -- making it

    def start(self, then: Then) -> None:
        """Fork the init, which builds the rest; `then("")` when it is ready, or `then(error)`."""
        world = self._world
        assert world.template is not None
        with open(self._passwd, "w") as file:
            file.write(rootfs.passwd(max(self._uid, 0), max(world.uid(0), 0)))
        os.chmod(self._passwd, 0o644)
        plan = init.Plan(
            template=world.template,
            passwd=self._passwd,
            ports=world.config.ports,
            own_network=world.isolation.network != "host",
            joins=tuple(self._group.joins()) if self._group else (),
            inits=tuple(world.hierarchy.inits()) if world.hierarchy else (),
            connect=world.nat.inside(self._link) if world.nat else None,
        )
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = world.fork_namespace()
        if pid == 0:
            ours.close()
            init.run(world.kernel, theirs, plan)
        theirs.close()
        self._control = Port(ours, (init.Ready,))
        self._alive = True
        self._waiting = then
        self._pidfd = os.pidfd_open(pid)
        world.children.own(pid, self._gone)
        world.loop.watch(ours.fileno(), self._ready)

    def _ready(self) -> None:
        then, self._waiting = self._waiting, None
        assert then is not None
        assert self._control is not None
        try:
            received = self._control.receive()
        except Malformed as error:
            received = (init.Ready(str(error)), [])
        self._world.loop.forget(self._control.fileno())
        if received is None:
            return then("its init ended while it was made")
        ready, self._listeners = received
        self._world.loop.watch(self._control.fileno(), self._answered)
        if self._group is not None:  # now rather than when it is needed
            self._joins = tuple(os.open(path, os.O_WRONLY | os.O_CLOEXEC) for path in self._group.joins())
        if not ready.error and self._world.nat:
            try:
                self._world.nat.outside(self._link)
            except OSError as error:
                return then(str(error))
        return then(ready.error)

    # -- furnishing it

    def provide(self) -> None:
        if self._group is not None:
            self._group.limit(PROVISIONAL)

    def furnish(self, spec: SandboxSpec, pid: int) -> None:
        self._limits = spec.limits
        if self._group is not None:
            self._group.limit(spec.limits)
        elif pid:
            size = spec.limits.memory_bytes
            resource.prlimit(pid, resource.RLIMIT_DATA, (size, size))  # it has this process's own user id
        owner = f",uid={self._uid},gid={self._world.uid(0)}" if self._uid >= 0 else ""
        trees: list[tuple[int, str]] = []
        try:
            self._clone_binds(spec.binds, trees)
            self._attach(trees, tmp=f"mode=700,size={spec.limits.tmp_bytes}{owner}")
        finally:
            for tree, _ in trees:
                os.close(tree)

    def show(self, zygote: Zygote, binds: tuple[Bind, ...]) -> None:
        trees: list[tuple[int, str]] = []
        try:
            if zygote.name not in self._shown:
                self._shown.add(zygote.name)
                self._clone_interpreter(zygote, trees)
            fresh = tuple(bind for bind in binds if bind.target not in self._shown)
            self._shown.update(bind.target for bind in fresh)
            self._clone_binds(fresh, trees)
            if trees:
                self._attach(trees)
        finally:
            for tree, _ in trees:
                os.close(tree)

    def _clone_interpreter(self, zygote: Zygote, trees: list[tuple[int, str]]) -> None:
        assert self._world.template is not None
        for prefix in _needed(zygote.prefixes):
            trees.append((self._clone(prefix, prefix), prefix))
        for mask in zygote.masks:
            if os.path.isdir(mask) and _in_sight(mask, _needed(zygote.prefixes)):
                empty = self._world.template.path + "/.empty"
                trees.append((rootfs.clone(self._world.kernel, empty, k.READ_ONLY), mask))

    def _clone_binds(self, binds: tuple[Bind, ...], trees: list[tuple[int, str]]) -> None:
        for bind in sorted(binds, key=lambda bind: bind.target):
            source = open_source(bind, self._world.config.roots)
            try:
                trees.append((self._clone(source, bind.target), bind.target))
            finally:
                os.close(source)

    def _clone(self, source: str | int, target: str) -> int:
        assert self._world.template is not None
        self._world.template.directory(target)
        return rootfs.clone(self._world.kernel, source, k.READ_ONLY)

    def _attach(self, trees: list[tuple[int, str]], tmp: str = "") -> None:
        kernel = self._world.kernel

        def attach() -> None:
            for tree, target in trees:
                kernel.move_mount(tree, target)
            if tmp:
                kernel.mount("tmp", "/tmp", "tmpfs", k.MS_NOSUID | k.MS_NODEV, tmp)

        self._world.inside(self._pidfd, attach)

    # -- using it

    def entry(self) -> Entry:
        network = 0 if self._world.isolation.network == "host" else k.CLONE_NEWNET
        spaces = k.CLONE_NEWNS | k.CLONE_NEWIPC | k.CLONE_NEWUTS | k.CLONE_NEWCGROUP | network
        # A working directory entered now would stay what it is when the function's is mounted over it.
        cwd = "/" if self._limits is None else "/var/task"
        return Entry(spaces, self._pidfd, self._uid, self._world.uid(0), self._rlimits(), self._joins, cwd)

    def _rlimits(self) -> tuple[tuple[int, int], ...]:
        given = self._limits or PROVISIONAL
        limits = [
            (resource.RLIMIT_NOFILE, given.descriptors),
            (resource.RLIMIT_NPROC, given.processes),
            (resource.RLIMIT_CORE, 0),
        ]
        if self._group is None and self._limits is not None:
            limits.append((resource.RLIMIT_DATA, given.memory_bytes))
        return tuple(limits)

    def hand_over(self) -> tuple[Mapping[str, int], tuple[tuple[str, str], ...]]:
        held = {f"port:{n}": fd for n, fd in zip(self._world.config.ports, self._listeners, strict=False)}
        self._listeners = []
        if self._group is not None:
            held.update(self._group.open_held())
        return held, ()

    def signal(self, action: Literal["freeze", "thaw"], pid: int) -> None:
        if self._group is None and self._alive:
            number = signal.SIGSTOP if action == "freeze" else signal.SIGCONT
            self._order(number, lambda none_left: None)

    def oom_kills(self) -> int:
        try:
            return self._group.oom_kills() if self._group is not None else 0
        except FileNotFoundError:  # destroyed while its program's end was being told
            return 0

    # -- ending it

    def kill_others(self, pid: int, then: Then) -> None:
        if not self._alive:
            return then("its init is gone")
        if self._group is not None:
            self._group.thaw()
        self._kills.append(then)
        if len(self._kills) == 1:
            self._kill(_FIRST_PAUSE, self._world.loop.now() + _KILL_PATIENCE)
        return None

    def _kill(self, pause: float, deadline: float) -> None:
        """Have everybody killed until nobody is left; their parents and the kernel reap them meanwhile."""
        if not self._alive:
            return

        def answered(none_left: bool) -> None:
            if none_left or self._world.loop.now() > deadline:
                self._killed("" if none_left else "its processes would not die")
            else:
                self._world.loop.later(pause, lambda: self._kill(min(pause * 2, _LAST_PAUSE), deadline))

        self._order(signal.SIGKILL, answered)

    def _killed(self, error: str) -> None:
        self._kills.popleft()(error)
        if self._kills:  # which asked after some of these answers
            self._kill(_FIRST_PAUSE, self._world.loop.now() + _KILL_PATIENCE)

    def _order(self, number: int, then: Callable[[bool], None]) -> None:
        """Have the init send a signal to all others; `then` is told whether there was none."""
        assert self._control is not None
        self._orders.append(then)
        with contextlib.suppress(OSError):  # its end is told by SIGCHLD
            self._control.sock.send(bytes([number]), socket.MSG_NOSIGNAL)

    def _answered(self) -> None:
        assert self._control is not None
        answer = self._control.sock.recv(1)
        if not answer:  # its end is told by SIGCHLD
            return self._world.loop.forget(self._control.fileno())
        return self._orders.popleft()(answer != b"\0")

    def end(self, pid: int, then: Then) -> None:
        self._ended = then
        if self._alive:
            self.abort()
        else:
            self._clean_up(PATIENCE)

    def abort(self) -> None:
        """Kill the init, and so everything; `end` is still due."""
        if self._group is not None:
            self._group.thaw()
        if self._alive:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _gone(self) -> None:
        """The init has ended, and with it, by the kernel's rule, everything in its pid namespace."""
        self._alive = False
        ended = self._ended
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting("its init is gone")
        while self._kills:
            self._kills.popleft()("its init is gone")
        if ended is not None:
            self._clean_up(PATIENCE)

    def _clean_up(self, patience: float) -> None:
        try:
            if self._group is not None:
                self._group.remove()
        except OSError as error:
            if patience > 0:
                left = patience - _REMOVAL_PAUSE
                self._world.loop.later(_REMOVAL_PAUSE, lambda: self._clean_up(left))
                return
            self._finish(str(error))
            return
        self._finish("")

    def _finish(self, error: str) -> None:
        if self._control is not None:
            if self._control.fileno() in self._world.loop:
                self._world.loop.forget(self._control.fileno())
            self._control.close()
        for fd in (*self._joins, *self._listeners, self._pidfd):
            if fd >= 0:
                os.close(fd)
        self._joins, self._listeners = (), []
        if os.path.exists(self._passwd):
            os.unlink(self._passwd)
        self._world.slots.release(self._slot)
        then, self._ended = self._ended, None
        if then is not None:
            then(error)


def _needed(prefixes: tuple[str, ...]) -> list[str]:
    """Those of an interpreter's directories that the template does not show; outer ones first."""
    needed = []
    for prefix in sorted(prefixes):
        hidden = next((path for path in rootfs.HIDDEN if below(prefix, path)), None)
        if hidden is not None:
            needed.append(hidden)
        elif not any(below(prefix, path) for path in rootfs.SYSTEM):
            needed.append(prefix)
    return list(dict.fromkeys(needed))


def _in_sight(path: str, shown: list[str]) -> bool:
    """Whether the template shows `path`: what it hides is empty already, and there is nothing to mount on."""
    hidden = next((hidden for hidden in rootfs.HIDDEN if below(path, hidden)), None)
    return hidden is None or hidden in shown
