"""The kernel's recording twin: pseudo-files in memory, every access written down."""

from __future__ import annotations

import os

from ingle.sandbox.kernel import Kernel


class RecordingKernel(Kernel):
    """files: what can be read, by path. Directories are made and removed; writes to files that a real kernel
    would not have (in none of `directories`) raise as it would. log: (verb, path, text) in order."""

    def __init__(self, files: dict[str, str] | None = None, absent: tuple[str, ...] = ()) -> None:
        self.files = dict(files or {})
        self.absent = absent
        self.log: list[tuple[str, str, str]] = []
        self.directories: set[str] = set()
        self.opened: dict[int, tuple[str, int]] = {}

    def read(self, path: str) -> str:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    def write(self, path: str, text: str) -> None:
        if os.path.basename(path) in self.absent:
            raise FileNotFoundError(path)
        self.log.append(("write", path, text))

    def mkdir(self, path: str) -> None:
        if path in self.directories:
            raise FileExistsError(path)
        self.directories.add(path)
        # What a fresh version 2 cgroup offers is what its parent passes on.
        self.files.setdefault(f"{path}/cgroup.controllers", "cpu memory pids")
        self.log.append(("mkdir", path, ""))

    def rmdir(self, path: str) -> None:
        self.directories.remove(path)
        self.log.append(("rmdir", path, ""))

    def exists(self, path: str) -> bool:
        return path in self.files or path in self.directories or os.path.basename(path) not in self.absent

    def open(self, path: str, flags: int) -> int:
        """A number that is no descriptor: it stands in `opened`."""
        number = 1_000_000 + len(self.opened)
        self.opened[number] = (path, flags)
        return number

    def written(self) -> dict[str, str]:
        return {path: text for verb, path, text in self.log if verb == "write"}
