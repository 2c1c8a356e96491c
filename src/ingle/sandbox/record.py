"""A note on disk of what a launcher holds on the host, so that the next one can clean up after a killed one.

One directory per launcher below the state directory, named by its instance; the file `record` in it is
locked for as long as the launcher lives. A lock that can be had was a dead launcher's, whatever its pid.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from typing import Any

_INSTANCE = re.compile(r"ingle-[0-9a-f]{8}")


def default_state_dir() -> str:
    """`/run/ingle` for root, else `$XDG_RUNTIME_DIR/ingle`, else `/tmp/ingle-<uid>`."""
    if os.geteuid() == 0:
        return "/run/ingle"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return os.path.join(runtime, "ingle") if runtime else f"/tmp/ingle-{os.geteuid()}"


class Record:
    """This launcher's own record, open and locked."""

    def __init__(self, state_dir: str, instance: str) -> None:
        self.instance = instance
        self.directory = os.path.join(state_dir, instance)
        os.mkdir(self.directory, 0o700)
        self._path = os.path.join(self.directory, "record")
        self._held: dict[str, Any] = {}
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # A POSIX lock: children do not inherit it, whatever descriptors they keep.
        fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @classmethod
    def open(cls, state_dir: str) -> Record:
        """A fresh record. Raises PermissionError when the state directory belongs to somebody else."""
        os.makedirs(state_dir, 0o700, exist_ok=True)
        about = os.lstat(state_dir)
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
            raise PermissionError(f"{state_dir} is not a directory that only this user can write to")
        # Not from `secrets`, which brings OpenSSL with it: the launcher's pages are copied with every fork.
        return cls(state_dir, f"ingle-{os.urandom(4).hex()}")

    def note(self, **held: object) -> None:
        """Write down what is held from now on; before it is made where that is possible."""
        self._held.update(held)
        data = json.dumps(self._held).encode()
        os.pwrite(self._fd, data, 0)
        os.ftruncate(self._fd, len(data))

    def remove(self) -> None:
        shutil.rmtree(self.directory)
        os.close(self._fd)


def dead(state_dir: str, own: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Directory and notes of every launcher that was killed; the caller removes the directory in the end."""
    for name in sorted(os.listdir(state_dir)):
        if name == own or not _INSTANCE.fullmatch(name):
            continue
        directory = os.path.join(state_dir, name)
        with contextlib.suppress(BlockingIOError, PermissionError):
            yield directory, _read_dead(os.path.join(directory, "record"))


def _read_dead(path: str) -> dict[str, Any]:
    """The notes of a dead launcher. Raises BlockingIOError for a living one."""
    try:
        with open(path, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            notes = json.loads(file.read() or b"{}")
    except (FileNotFoundError, ValueError):  # killed while it wrote its first note: it held nothing yet
        return {}
    return notes if isinstance(notes, dict) else {}
