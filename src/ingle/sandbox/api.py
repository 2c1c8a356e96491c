"""What a sandbox is, to those who use one.

A *sandbox* is a place in which programs of one execution environment run: its own processes, file system,
network and limits. It outlives the program in it: a runtime that crashed or timed out is launched again in
the same sandbox, with the same `/tmp` (Lambda's "reset"). A *program* is the runtime process: forked from
a *zygote* (an interpreter with the runtime preloaded) or executed.

Three drivers stand behind this interface, `namespaces`, `rootless` and `process`; what each one does not
give is in `Isolation.lacks`, said aloud by `ingle doctor` and at start-up.

The node side is asyncio and unprivileged; the launcher on the other side of one inherited socket is the
only holder of privilege. Whatever is sent to the launcher is checked there: the node faces the network.

This room imports no other room of Ingle, so that it can be audited alone.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Level = Literal["namespaces", "rootless", "process"]
Network = Literal["none", "nat", "host"]


class SandboxError(Exception):
    """The sandbox room's own error: something that it was asked for could not be had."""


class LauncherLost(SandboxError):
    """The launcher is gone, and with it every sandbox of this node."""


@dataclass(frozen=True)
class Isolation:
    """The isolation in force: its level, and in plain words what it lacks against `namespaces`."""

    level: Level
    network: Network
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """The limits of one sandbox.

    memory_bytes: of all processes together, swap excluded. tmp_bytes: size of `/tmp`.
    cpu_share: its share of CPU time against other sandboxes when processors are busy (Lambda gives CPU in
    proportion to memory, so callers pass MemorySize in MB). cpu_quota: a hard cap in processors, or None.
    """

    memory_bytes: int
    tmp_bytes: int
    cpu_share: int
    cpu_quota: float | None = None
    processes: int = 1024
    descriptors: int = 1024


@dataclass(frozen=True)
class Bind:
    """A host directory shown read-only inside the sandbox. `source` must lie below one of the roots that
    the launcher was started with; anything else is refused there."""

    source: str
    target: str


@dataclass(frozen=True)
class Zygote:
    """An interpreter to fork programs from.

    name: such as "python3.12". interpreter: absolute host path. program: path of the file which the zygote
    loads before any fork; the file defines `preload()`, called once in the zygote, and
    `main(channel_fd: int) -> None`, called in each forked program after it has been confined.
    prefixes: host directories that the interpreter needs, shown read-only at the same path inside.
    masks: host directories inside of those that must appear empty (other people's site-packages).
    """

    name: str
    interpreter: str
    program: str
    prefixes: tuple[str, ...]
    masks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Executable:
    """A program that is executed instead of forked: argument list and environment, paths as seen inside.

    binds: what it needs to start, beside what the sandbox shows for the function: its runtime's files."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: str = "/var/task"
    binds: tuple[Bind, ...] = ()


@dataclass(frozen=True)
class SandboxSpec:
    """Everything a new sandbox needs. `name` is unique in this node's life, [a-zA-Z0-9-]{1,64}."""

    name: str
    limits: Limits
    binds: tuple[Bind, ...]


@dataclass(frozen=True)
class Started:
    """A program that had been started before its sandbox was asked for, and waits for the first byte on its
    channel. What `launch` would have been given: `channel` and `output` are our ends of both."""

    pid: int
    channel: socket.socket
    output: int


@dataclass(frozen=True)
class Exit:
    """How a program ended: by `code`, or by `signal`; `out_of_memory` where the memory limit killed it."""

    code: int | None
    signal: int | None
    out_of_memory: bool = False


class Sandbox(Protocol):
    """One sandbox, seen from the node. Every method after `destroy` raises SandboxError, but `destroy`."""

    name: str

    @property
    def paths(self) -> Mapping[str, str]:
        """Where things really are, by where they should be ("/var/task", "/tmp", ...): filled by drivers that
        cannot mount; a path that is not in it is the same inside. Programs are told by their environment."""
        ...

    @property
    def listeners(self) -> Mapping[int, socket.socket]:
        """Listening TCP sockets made on 127.0.0.1 inside the sandbox's own network, by port: accept on
        them from here; whoever connects *is* this sandbox. Owned and closed by the sandbox. Empty where
        the driver gives no network of its own."""
        ...

    def take_started(self) -> Started | None:
        """The program that runs in it already (see `SandboxHost.create`), or None: then `launch` one.

        Given once; its descriptors are the caller's from then on. Untaken ones are closed by `destroy`."""
        ...

    async def launch(self, program: str | Executable, channel: socket.socket, output: int) -> int:
        """Start the program (a zygote's name, or an executable) and return its pid as the launcher sees it:
        that on the host, except with `rootless`, whose launcher has a pid namespace of its own.

        `channel` becomes a descriptor of the program, passed to `main`; `output` its stdout and stderr.
        Both are duplicated: the caller closes its own. Not allowed while a program is running.
        Raises SandboxError, also when it has not started within 10 s.
        """
        ...

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        """Call back on the event loop, once per program, when it ended for whatever reason. A later
        registration takes the place of an earlier one; an end that nobody has heard of yet is told to it."""
        ...

    async def stop(self) -> None:
        """Kill every process in the sandbox (SIGKILL, frozen or not); the sandbox and `/tmp` stay.
        Returns when they are gone. Nothing to stop is no error."""
        ...

    def freeze(self) -> None:
        """Stop the CPU for all its processes. Immediate and not blocking; twice is no error."""
        ...

    def thaw(self) -> None:
        """Undo `freeze`. Immediate and not blocking; the processes run again at once."""
        ...

    def throttle(self, processors: float | None) -> None:
        """Set the hard CPU cap anew, or lift it (None). Immediate and not blocking. Where the driver has no
        means for it (see `Isolation.lacks`) it raises SandboxError."""
        ...

    def memory_peak(self) -> int | None:
        """Highest memory use of the sandbox so far in bytes, or None where the driver cannot know."""
        ...

    async def destroy(self) -> None:
        """Kill every process and remove the sandbox and all that it held on the host. Twice is no error."""
        ...


class SandboxHost(Protocol):
    """The node's side of the launcher. Started before the event loop, while privileged."""

    isolation: Isolation

    def attach(self, on_lost: Callable[[], None]) -> None:
        """Bind to the running event loop. `on_lost` is called once if the launcher ends uninvited."""
        ...

    async def create(self, spec: SandboxSpec, program: str | Executable | None = None) -> Sandbox:
        """Make a sandbox (from one prepared ahead where possible). Raises SandboxError.

        `program` is what will be launched in it. Where one has been started ahead, `take_started` gives it.
        Such a program starts in `/`, with nothing of any function in sight: limits, directories and `/tmp`
        come when it is taken. Until the first byte on its channel it must not look at them, nor keep a
        directory open, and then enter its working directory itself."""
        ...

    async def warm(self, zygote: str) -> None:
        """Start that zygote now rather than at its first launch, and a program of it ahead of need."""
        ...

    async def close(self) -> None:
        """Destroy every sandbox, end launcher and zygotes, wait for them; leaves nothing on the host."""
        ...
