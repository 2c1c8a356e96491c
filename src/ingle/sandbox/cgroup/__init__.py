"""Control groups: one interface, two versions of the kernel's.

A `Hierarchy` is this launcher's own place in the cgroup tree, a `Group` the cgroup of one sandbox below it.
Both only write and read pseudo-files through the kernel seam. See the kernel's
Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst for the files.
"""

from __future__ import annotations

from typing import Protocol

from ingle.sandbox.api import Limits
from ingle.sandbox.cgroup import v1, v2
from ingle.sandbox.cgroup.place import Place, read_places
from ingle.sandbox.kernel import Kernel


class Group(Protocol):
    """The cgroup of one sandbox. Methods raise OSError."""

    def limit(self, limits: Limits) -> None:
        """Write the limits, for the first time or anew; memory without swap."""
        ...

    def joins(self) -> list[str]:
        """The files into which a process writes "0" to enter."""
        ...

    def open_held(self) -> dict[str, int]:
        """Descriptors for the node to keep: "freezer", "quota" to write, "peak" to read where there is one,
        which counts from now on."""
        ...

    def thaw(self) -> None: ...

    def oom_kills(self) -> int:
        """How many of its processes the memory limit has killed so far."""
        ...

    def remove(self) -> None:
        """Remove it; OSError (EBUSY) while a process is still in it. Gone already is no error."""
        ...


class Hierarchy(Protocol):
    """The launcher's own place: sandboxes' groups and, apart from them, the group of their init processes."""

    def directories(self) -> list[str]:
        """What is to be removed if the launcher cannot do it itself."""
        ...

    def inits(self) -> list[str]:
        """The files into which an init process writes "0", to be outside of its sandbox's limits."""
        ...

    def group(self, name: str) -> Group:
        """Make the group of a new sandbox."""
        ...

    def close(self) -> None:
        """Remove the place; every group must be gone."""
        ...


def find(kernel: Kernel, instance: str) -> Hierarchy:
    """Make a place named `instance` with whichever version the host has. Raises OSError, saying why not."""
    places = read_places(kernel.read("/proc/self/mountinfo"), kernel.read("/proc/self/cgroup"))
    missing = [name for name in v1.CONTROLLERS if name not in places]
    if not missing:
        return v1.Hierarchy(kernel, {name: places[name] for name in v1.CONTROLLERS}, instance)
    if "" in places:
        return v2.Hierarchy(kernel, places[""], instance)
    raise OSError(f"no cgroup controller {', '.join(missing)}")


__all__ = ["Group", "Hierarchy", "Place", "find"]
