"""Process 1 of a sandbox: makes the namespaces it lives in, then executes the program that stays (`warden`).

It is forked by the launcher, already the first process of a new pid namespace. It builds the rest, hands the
listeners to the launcher and gives up all privilege but CAP_KILL. Orphans need no reaping by hand: SIGCHLD is
ignored, so the kernel does it.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from ingle.sandbox import kernel as k
from ingle.sandbox import rootfs, warden
from ingle.sandbox.datagrams import Port
from ingle.sandbox.kernel import Kernel
from ingle.sandbox.network import inside

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
        _become_warden(kernel, control, plan.template.warden)
    except BaseException as error:
        Port(control, ()).send(Ready(f"{type(error).__name__}: {error}"))
        os._exit(1)


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


def _become_warden(kernel: Kernel, control: socket.socket, program: int) -> NoReturn:
    """Give up descriptors, privileges and every trace of the host, and be the program that stays."""
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.dup2(control.fileno(), 3)
    os.dup2(program, 4, inheritable=False)
    kernel.close_range(5)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kernel.keep_capabilities(k.CAP_KILL)
    kernel.prctl(k.PR_SET_NO_NEW_PRIVS, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # which process 1 ignores
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.execve(4, [warden.NAME], {})
