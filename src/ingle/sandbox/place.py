"""Where the programs of one sandbox run, as a driver makes it. `LiveSandbox` puts programs into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ingle.sandbox.api import Bind, Limits, SandboxSpec, Zygote

# What a program may take that is started before anybody has said whose it will be. The limits of a single
# process stay: to change those of another user's takes CAP_SYS_RESOURCE, which a launcher may not have.
PROVISIONAL = Limits(memory_bytes=1 << 30, tmp_bytes=1 << 20, cpu_share=1024)


@dataclass(frozen=True)
class Entry:
    """How a zygote's child gets in. namespaces: CLONE_NEW* flags to enter through `pidfd`, or 0. uid, gid:
    to become, or -1. limits: (resource, value) pairs. groups: descriptors of cgroup.procs files.
    cwd: the directory of the function's code."""

    namespaces: int
    pidfd: int | None
    uid: int
    gid: int
    limits: tuple[tuple[int, int], ...]
    groups: tuple[int, ...]
    cwd: str


class Place(Protocol):
    def provide(self) -> None:
        """Bound what a program takes that is started before `furnish`. Raises OSError."""
        ...

    def furnish(self, spec: SandboxSpec, pid: int) -> None:
        """Limits, mounts and /tmp, also for the program `pid` that runs inside already, or 0.
        Raises SandboxError or OSError; the place must then be ended."""
        ...

    def show(self, zygote: Zygote, binds: tuple[Bind, ...]) -> None:
        """Make visible what the zygote's interpreter needs, and a program's own binds. Nothing may be
        running inside. Raises SandboxError or OSError."""
        ...

    def entry(self) -> Entry:
        """Before `furnish`: a way in with the provisional limits of a single process, to `/`."""
        ...

    def hand_over(self) -> tuple[Mapping[str, int], tuple[tuple[str, str], ...]]:
        """Descriptors for the node by name (the caller closes them), and targets' real paths. The highest
        memory use is counted from here."""
        ...

    def signal(self, action: Literal["freeze", "thaw"], pid: int) -> None:
        """For a place without a freezer file: stop or continue the program `pid` and its kin."""
        ...

    def oom_kills(self) -> int: ...

    def kill_others(self, pid: int, then: Callable[[str], None]) -> None:
        """Kill every process inside, frozen or not (`pid`: the program, or 0); `then("")` when they are
        gone, or `then(error)`."""
        ...

    def end(self, pid: int, then: Callable[[str], None]) -> None:
        """Kill everything and remove the place; `then("")` when it is gone, or `then(error)`."""
        ...


class Driver(Protocol):
    """Makes places. binds_late: whether `furnish` can be called with a program inside."""

    binds_late: bool

    def take(self, then: Callable[[Place | None, str], None]) -> None:
        """`then(place, "")` with a place prepared before where possible, or `then(None, error)`."""
        ...

    def idle(self) -> bool:
        """Prepare something ahead of need; whether there was anything to do."""
        ...

    def close(self, then: Callable[[], None]) -> None:
        """End whatever was prepared and not taken."""
        ...
