"""Where the programs of one sandbox run, as a driver makes it. `LiveSandbox` puts programs into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ingle.sandbox.api import SandboxSpec, Zygote


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
    def furnish(self, spec: SandboxSpec) -> None:
        """Limits, mounts and /tmp. Raises SandboxError or OSError; the place must then be ended."""
        ...

    def show(self, zygote: Zygote) -> None:
        """Make what the zygote's interpreter needs visible. Nothing may be running inside."""
        ...

    def entry(self) -> Entry: ...

    def hand_over(self) -> tuple[Mapping[str, int], tuple[tuple[str, str], ...]]:
        """Descriptors for the node by name (the caller closes them), and targets' real paths."""
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
    """Makes places."""

    def take(self, then: Callable[[Place | None, str], None]) -> None:
        """`then(place, "")` with a place prepared before where possible, or `then(None, error)`."""
        ...

    def idle(self) -> bool:
        """Prepare something ahead of need; whether there was anything to do."""
        ...

    def close(self, then: Callable[[], None]) -> None:
        """End whatever was prepared and not taken."""
        ...
