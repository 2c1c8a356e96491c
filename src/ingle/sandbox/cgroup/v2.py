"""Version 2: one tree; a cgroup with controllers for its children holds no processes itself."""

from __future__ import annotations

import contextlib
import errno
import os

from ingle.sandbox.api import Limits
from ingle.sandbox.cgroup.place import Place
from ingle.sandbox.kernel import Kernel

CONTROLLERS = ("memory", "cpu", "pids")
QUOTA_PERIOD = 100_000  # microseconds, the kernel's default
_INITS = "inits"


class Group:
    def __init__(self, kernel: Kernel, directory: str) -> None:
        self._kernel = kernel
        self._directory = directory
        kernel.mkdir(directory)

    def limit(self, limits: Limits) -> None:
        self._write("memory.max", limits.memory_bytes)
        if self._kernel.exists(self._file("memory.swap.max")):  # not there without swap support
            self._write("memory.swap.max", 0)
        self._write("cpu.weight", weight(limits.cpu_share))
        if limits.cpu_quota is not None:
            self._write("cpu.max", f"{int(limits.cpu_quota * QUOTA_PERIOD)} {QUOTA_PERIOD}")
        self._write("pids.max", limits.processes)

    def joins(self) -> list[str]:
        return [self._file("cgroup.procs")]

    def open_held(self) -> dict[str, int]:
        held = {
            "freezer": self._kernel.open(self._file("cgroup.freeze"), os.O_WRONLY),
            "quota": self._kernel.open(self._file("cpu.max"), os.O_WRONLY),
        }
        if self._kernel.exists(self._file("memory.peak")):  # Linux 5.19
            held["peak"] = self._open_peak(self._file("memory.peak"))
        return held

    def _open_peak(self, path: str) -> int:
        """Since Linux 6.12 a write to it lets it count anew, for whoever reads through the same file."""
        try:
            peak = self._kernel.open(path, os.O_RDWR)
        except OSError:
            return self._kernel.open(path, os.O_RDONLY)
        with contextlib.suppress(OSError):
            os.write(peak, b"0")
        return peak

    def thaw(self) -> None:
        self._write("cgroup.freeze", 0)

    def oom_kills(self) -> int:
        for line in self._kernel.read(self._file("memory.events")).splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
        return 0

    def remove(self) -> None:
        if self._kernel.exists(self._directory):
            self._kernel.rmdir(self._directory)

    def _file(self, name: str) -> str:
        return f"{self._directory}/{name}"

    def _write(self, name: str, value: object) -> None:
        self._kernel.write(self._file(name), str(value))


def weight(share: int) -> int:
    """A `cpu.weight` (1 to 10,000) in proportion to a share, so that 10,240 MB still fits."""
    return min(max(round(share / 10), 1), 10_000)


class Hierarchy:
    """Below the launcher's own cgroup where that holds none but Ingle's processes (a systemd unit with
    `Delegate=yes`), which then move to a leaf of it; else, as root, below the root of the tree."""

    def __init__(self, kernel: Kernel, place: Place, instance: str) -> None:
        self._kernel = kernel
        parent = place.own if self._vacate(place.own) else place.mount
        self._enable(parent)
        self._base = f"{parent}/{instance}"
        kernel.mkdir(self._base)
        self._enable(self._base)
        kernel.mkdir(f"{self._base}/{_INITS}")

    def directories(self) -> list[str]:
        return [self._base]

    def inits(self) -> list[str]:
        return [f"{self._base}/{_INITS}/cgroup.procs"]

    def group(self, name: str) -> Group:
        return Group(self._kernel, f"{self._base}/{name}")

    def close(self) -> None:
        self._kernel.rmdir(f"{self._base}/{_INITS}")
        self._kernel.rmdir(self._base)

    def _vacate(self, own: str) -> bool:
        """Move the node and this launcher into a leaf of their cgroup, if they are alone in it."""
        ours = {str(os.getpid()), str(os.getppid())}
        inside = set(self._kernel.read(f"{own}/cgroup.procs").split())
        if inside and not inside <= ours:
            return False
        leaf = f"{own}/ingle-node"
        try:
            if not self._kernel.exists(leaf):
                self._kernel.mkdir(leaf)
            for pid in sorted(inside):
                self._kernel.write(f"{leaf}/cgroup.procs", pid)
        except PermissionError:
            return False
        return True

    def _enable(self, directory: str) -> None:
        there = self._kernel.read(f"{directory}/cgroup.controllers").split()
        missing = [name for name in CONTROLLERS if name not in there]
        if missing:
            raise OSError(errno.ENOENT, f"no cgroup controller {', '.join(missing)} in {directory}")
        self._kernel.write(
            f"{directory}/cgroup.subtree_control", " ".join(f"+{name}" for name in CONTROLLERS)
        )
