"""Version 1: one tree per controller."""

from __future__ import annotations

from collections.abc import Mapping

from ingle.sandbox.api import Limits
from ingle.sandbox.cgroup.place import Place
from ingle.sandbox.kernel import Kernel

CONTROLLERS = ("memory", "cpu", "pids", "freezer")
# A single thread that moves itself spares the kernel the lock against every fork on the machine, whose
# grace period would cost tens of milliseconds. Only processes of one thread ever enter.
JOIN = "tasks"
QUOTA_PERIOD = 100_000  # microseconds, the kernel's default


class Group:
    def __init__(self, kernel: Kernel, directories: Mapping[str, str]) -> None:
        self._kernel = kernel
        self._directories = dict(directories)
        for directory in dict.fromkeys(self._directories.values()):
            kernel.mkdir(directory)

    def limit(self, limits: Limits) -> None:
        self._write("memory", "memory.limit_in_bytes", limits.memory_bytes)
        if self._kernel.exists(self._file("memory", "memory.memsw.limit_in_bytes")):
            self._write("memory", "memory.memsw.limit_in_bytes", limits.memory_bytes)
        else:  # kernels booted without swap accounting
            self._write("memory", "memory.swappiness", 0)
        self._write("cpu", "cpu.shares", min(max(limits.cpu_share, 2), 262_144))
        if limits.cpu_quota is not None:
            self._write("cpu", "cpu.cfs_quota_us", int(limits.cpu_quota * QUOTA_PERIOD))
        self._write("pids", "pids.max", limits.processes)

    def joins(self) -> list[str]:
        return [f"{directory}/{JOIN}" for directory in dict.fromkeys(self._directories.values())]

    def held(self) -> dict[str, str]:
        return {
            "freezer": self._file("freezer", "freezer.state"),
            "quota": self._file("cpu", "cpu.cfs_quota_us"),
            "peak": self._file("memory", "memory.max_usage_in_bytes"),
        }

    def thaw(self) -> None:
        self._write("freezer", "freezer.state", "THAWED")

    def oom_kills(self) -> int:
        for line in self._kernel.read(self._file("memory", "memory.oom_control")).splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
        return 0

    def remove(self) -> None:
        for directory in dict.fromkeys(self._directories.values()):
            if self._kernel.exists(directory):
                self._kernel.rmdir(directory)

    def _file(self, controller: str, name: str) -> str:
        return f"{self._directories[controller]}/{name}"

    def _write(self, controller: str, name: str, value: object) -> None:
        self._kernel.write(self._file(controller, name), str(value))


class Hierarchy:
    """Below the launcher's own cgroup in each tree, so that limits set on Ingle as a whole hold."""

    def __init__(self, kernel: Kernel, places: Mapping[str, Place], instance: str) -> None:
        self._kernel = kernel
        self._bases = {name: f"{place.own}/{instance}" for name, place in places.items()}
        for directory in self.directories():
            kernel.mkdir(directory)

    def directories(self) -> list[str]:
        return list(dict.fromkeys(self._bases.values()))

    def inits(self) -> list[str]:
        return [f"{directory}/{JOIN}" for directory in self.directories()]

    def group(self, name: str) -> Group:
        return Group(self._kernel, {key: f"{base}/{name}" for key, base in self._bases.items()})

    def close(self) -> None:
        for directory in self.directories():
            self._kernel.rmdir(directory)
