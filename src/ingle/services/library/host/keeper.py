"""When the state is saved: half a minute after a change, and at the end.

The file is locked as long as this process lives, so that a successor reads what its predecessor wrote last.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from pathlib import Path

from ingle.services.library.host import snapshot

_INTERVAL = 30.0  # seconds: what a crash can lose
_SHARE = 20  # saving stops all work, so it may take one part in so many
_PATIENCE = 30.0
_log = logging.getLogger(__name__)


class Keeper:
    """`load`, `start`, `close`. Without a path nothing is kept."""

    def __init__(self, path: Path | None, lock: threading.Lock) -> None:
        self._path = path
        self._lock = lock
        self._dirty = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._save_on, name="keeper", daemon=True)
        self._held = None if path is None else _hold(path.with_suffix(".lock"))

    def changed(self) -> None:
        """Something may have changed. Called with the lock held."""
        self._dirty = True

    def load(self) -> None:
        """Take up the state that was saved. One that cannot be read is set aside, not lost, and said."""
        if self._path is None or not self._path.exists():
            return
        try:
            snapshot.load(self._path)
        except snapshot.Unreadable as error:
            aside = self._path.with_suffix(f".unreadable-{int(time.time())}")
            self._path.rename(aside)
            _log.error("the state of the embedded services starts empty: %s; it is kept as %s", error, aside)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Save for the last time."""
        self._ended.set()
        self._thread.join(_PATIENCE)
        self._save()

    def _save_on(self) -> None:
        pause = _INTERVAL
        while not self._ended.wait(pause):
            began = time.monotonic()
            self._save()
            pause = max(_INTERVAL, _SHARE * (time.monotonic() - began))

    def _save(self) -> None:
        if self._path is None or not self._dirty:
            return
        try:
            with self._lock:
                content = snapshot.dump()
                self._dirty = False
            snapshot.write(self._path, content)
        except Exception:
            self._dirty = True
            _log.exception("the state of the embedded services could not be saved")


def _hold(path: Path) -> object:
    """The lock, once a predecessor has let go of it. Raises TimeoutError."""
    file = path.open("w")
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise TimeoutError(f"another process holds {path}") from None
            time.sleep(0.05)
