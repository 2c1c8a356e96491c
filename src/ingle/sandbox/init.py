"""Process 1 of a sandbox: makes the namespaces it lives in, then does next to nothing.

It is forked by the launcher, already the first process of a new pid namespace. It builds the rest, hands the
listeners to the launcher, gives up all privilege but CAP_KILL, and then obeys: kill everybody else, or stop
them. Orphans need no reaping by hand: it ignores SIGCHLD, so the kernel does it. When the launcher's end of
its socket closes it exits, and the kernel kills whoever is left in its namespace.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ingle.sandbox import kernel as k
from ingle.sandbox import rootfs
from ingle.sandbox.datagrams import Port
from ingle.sandbox.kernel import Kernel
from ingle.sandbox.network import inside

KILL, KILLED, STUCK = b"k", b"K", b"S"
FREEZE, THAW = b"f", b"t"  # by signals, where there is no freezer; not answered
_PATIENCE = 5.0  # seconds until killed processes must be gone; the launcher then kills the whole sandbox
_HOSTNAME = "localhost"


@dataclass(frozen=True)
class Ready:
    """The init's first datagram, with its listeners' descriptors; `error` where it could not be made."""

    error: str = ""


@dataclass(frozen=True)
class Plan:
    """What an init is to build. joins, inits: see `cgroup.Hierarchy`. connect: a further step inside the
    fresh network namespace, such as making a veth pair."""

    template: rootfs.Template
    passwd: str
    ports: tuple[int, ...]
    own_network: bool
    joins: tuple[str, ...]
    inits: tuple[str, ...]
    connect: Callable[[], None] | None = None


def run(kernel: Kernel, control: socket.socket, plan: Plan) -> NoReturn:
    """The life of the init process; never returns. Called in the forked child."""
    gc.disable()  # a collection would copy the pages that are shared with the launcher
    try:
        kernel.prctl(k.PR_SET_PDEATHSIG, signal.SIGKILL)
        listeners = _build(kernel, plan)
        Port(control, ()).send(Ready(), [sock.fileno() for sock in listeners])
        fd = _shrink(kernel, control)
    except BaseException as error:
        Port(control, ()).send(Ready(f"{type(error).__name__}: {error}"))
        os._exit(1)
    _obey(fd)


def _build(kernel: Kernel, plan: Plan) -> list[socket.socket]:
    flags = k.CLONE_NEWNS | k.CLONE_NEWIPC | k.CLONE_NEWUTS
    kernel.unshare(flags | (k.CLONE_NEWNET if plan.own_network else 0))
    _enter(plan.joins)  # so that the sandbox's own cgroup becomes the root of what its processes see
    kernel.unshare(k.CLONE_NEWCGROUP)
    _enter(plan.inits)
    socket.sethostname(_HOSTNAME)
    listeners = []
    if plan.own_network:
        inside.raise_loopback()
        if plan.connect is not None:
            plan.connect()
        listeners = inside.listen(plan.ports)
    rootfs.mount_proc(kernel, plan.template)
    plan.template.bind(plan.passwd, plan.template.path + "/etc/passwd")
    rootfs.pivot(kernel, plan.template)
    return listeners


def _enter(files: tuple[str, ...]) -> None:
    for path in files:
        with open(path, "wb", buffering=0) as file:
            file.write(b"0")


def _shrink(kernel: Kernel, control: socket.socket) -> int:
    """Give up descriptors, privileges and traces of the host; the number of the control socket after it."""
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.dup2(control.fileno(), 3)
    kernel.close_range(4)
    _forget_command_line(b"/init")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kernel.keep_capabilities(k.CAP_KILL)
    kernel.prctl(k.PR_SET_NO_NEW_PRIVS, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # which process 1 ignores
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return 3


def _forget_command_line(name: bytes) -> None:
    """Overwrite the launcher's command line, readable by everybody in /proc/1/cmdline, with `name`."""
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start, arg_end: fields 48 and 49 in proc(5)
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, name, min(len(name), end - start - 1))


def _obey(control: int) -> NoReturn:
    while True:
        command = os.read(control, 1)
        if command == KILL:
            os.write(control, KILLED if kill_others() else STUCK)
        elif command in (FREEZE, THAW):
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGSTOP if command == FREEZE else signal.SIGCONT)
        else:
            os._exit(0)


def kill_others(patience: float = _PATIENCE) -> bool:
    """SIGKILL to every other process of this pid namespace until none is left; False if some stay."""
    deadline = time.monotonic() + patience
    pause = 0.0001
    while True:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)  # their parents and the kernel reap them meanwhile
        pause = min(pause * 2, 0.01)
