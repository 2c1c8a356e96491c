"""Version 1: one tree per controller."""

from __future__ import annotations

import os
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
        self._memory = 0  # the limit now; 0 for none
        for directory in dict.fromkeys(self._directories.values()):
            kernel.mkdir(directory)

    def limit(self, limits: Limits) -> None:
        self._limit_memory(limits.memory_bytes)
        self._write("cpu", "cpu.shares", min(max(limits.cpu_share, 2), 262_144))
        if limits.cpu_quota is not None:
            self._write("cpu", "cpu.cfs_quota_us", int(limits.cpu_quota * QUOTA_PERIOD))
        self._write("pids", "pids.max", limits.processes)

    def _limit_memory(self, size: int) -> None:
        if self._kernel.exists(self._file("memory", "memory.memsw.limit_in_bytes")):
            names = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
            # The first may at no moment be above the second.
            for name in names if not 0 < self._memory < size else reversed(names):
                self._write("memory", name, size)
        else:  # kernels booted without swap accounting
            self._write("memory", "memory.limit_in_bytes", size)
            self._write("memory", "memory.swappiness", 0)
        self._memory = size

    def joins(self) -> list[str]:
        return [f"{directory}/{JOIN}" for directory in dict.fromkeys(self._directories.values())]

    def open_held(self) -> dict[str, int]:
        peak = self._file("memory", "memory.max_usage_in_bytes")
        self._kernel.write(peak, "0")  # which sets it to the use of the moment
        return {
            "freezer": self._kernel.open(self._file("freezer", "freezer.state"), os.O_WRONLY),
            "quota": self._kernel.open(self._file("cpu", "cpu.cfs_quota_us"), os.O_WRONLY),
            "peak": self._kernel.open(peak, os.O_RDONLY),
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
