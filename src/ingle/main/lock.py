"""One node a data directory: two would undo each other's work."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class DataDirectoryLock:
    """Held from its making until `release`, or until the process ends however it ends.

    Raises OSError where the directory cannot be made, or another node has it.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = open(directory / "lock", "w")  # noqa: SIM115 - held as long as the node lives
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise OSError(error.errno, f"another Ingle uses the data directory {directory}") from error
        os.set_inheritable(self._file.fileno(), False)

    def release(self) -> None:
        self._file.close()
