"""Where log events go: streams named as Lambda names them, kept as files, one JSON event a line.

An append costs a list append; a writer thread puts what has gathered on disk every 50 ms. The buffer is
bounded: a stream whose function floods says so through `LogStream.congested`, and the worker then stops
reading that function's output (which stops the function, as a full pipe does) until the disk has caught up.

Layout: `<root>/<account>/<region>/<group, percent-encoded>/<stream, percent-encoded>.jsonl`, each line
`[epoch milliseconds, text]`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import quote, unquote
from uuid import uuid4

import orjson

_FLUSH_INTERVAL = 0.05  # seconds
_STREAM_BOUND = 4 * 1024 * 1024  # bytes that one stream may hold in memory, about
_EVENT_BYTES = 128  # of an event beside its text: a function may write empty lines only
_NAME_BYTES = 180  # of a directory's name, before it is cut: file systems take 255
_log = logging.getLogger(__name__)


def stream_name(version: str, moment: datetime) -> str:
    """`YYYY/MM/DD/[version]<32 hex>`, as Lambda names the stream of one environment."""
    return f"{moment:%Y/%m/%d}/[{version}]{uuid4().hex}"


class LogStream(Protocol):
    """One environment's log. `append` never blocks and never fails; `congested` asks to hold back."""

    name: str

    def append(self, timestamp_ms: int, text: str) -> None: ...

    @property
    def congested(self) -> bool: ...

    def when_clear(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, from any thread, when the stream is no longer congested."""
        ...

    def close(self) -> None: ...


class LogStore(Protocol):
    """Opens streams. `main` decides which store a node has."""

    def open(self, account: str, region: str, group: str, name: str) -> LogStream: ...


class FileLogStream:
    """A stream of `FileLogStore`.

    The event loop appends and the writer thread flushes, without a lock: a deque hands each event over
    once, and each of the two counters has one writer.
    """

    def __init__(self, store: FileLogStore, directory: Path, name: str) -> None:
        self.name = name
        self._store = store
        self._directory = directory
        self._path = directory / f"{quote(name, safe='')}.jsonl"
        self._events: deque[tuple[int, str]] = deque()
        self._queued = False
        self._appended = 0
        self._flushed = 0
        self._waiting: deque[Callable[[], None]] = deque()

    def append(self, timestamp_ms: int, text: str) -> None:
        self._appended += len(text) + _EVENT_BYTES
        self._events.append((timestamp_ms, text))
        if not self._queued:
            self._queued = True
            self._store.dirty(self)

    @property
    def congested(self) -> bool:
        return self._appended - self._flushed > _STREAM_BOUND

    def when_clear(self, callback: Callable[[], None]) -> None:
        self._waiting.append(callback)
        if not self.congested:  # flushed in between: nobody else will call
            self._call_waiting()

    def close(self) -> None:
        """Nothing to do: what is buffered is written at the next flush."""

    def flush(self) -> None:
        """Write what has gathered. Called by the store's writer thread only."""
        self._queued = False
        events = [self._events.popleft() for _ in range(len(self._events))]
        try:
            with self._open() as file:
                file.write(b"".join(map(_encode, events)))
        except OSError as error:
            # A full disk loses log lines, as it must; it stops no function and no node.
            _log.error("log events lost: %s: %s", self._path, error)
        self._flushed += sum(len(text) + _EVENT_BYTES for _, text in events)
        self._call_waiting()

    def _open(self) -> BinaryIO:
        try:
            return open(self._path, "ab")
        except FileNotFoundError:  # the group's first stream
            self._directory.mkdir(parents=True, exist_ok=True)
            return open(self._path, "ab")

    def _call_waiting(self) -> None:
        """On either thread; a deque hands each callback to one of them only."""
        while self._waiting:
            try:
                callback = self._waiting.popleft()
            except IndexError:
                return
            callback()


class FileLogStore:
    """Log streams as files below `root`. Owns one writer thread; `close` writes the rest and ends it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._dirty: list[FileLogStream] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._writer.start()

    def open(self, account: str, region: str, group: str, name: str) -> FileLogStream:
        """Touches no disk: that is left to the writer, for a cold start waits for this."""
        return FileLogStream(self, self._directory(account, region, group), name)

    def dirty(self, stream: FileLogStream) -> None:
        """`stream` has something to write."""
        with self._lock:
            self._dirty.append(stream)

    def read(
        self, account: str, region: str, group: str, since_ms: int = 0
    ) -> Iterator[tuple[int, str, str]]:
        """Every event of a group from `since_ms` on as (epoch ms, stream, text), oldest first."""
        events: list[tuple[int, str, str]] = []
        directory = self._directory(account, region, group)
        for path in directory.glob("*.jsonl") if directory.is_dir() else ():
            if path.stat().st_mtime * 1000 < since_ms:
                continue
            name = unquote(path.stem)
            events += ((at, name, text) for at, text in _read(path) if at >= since_ms)
        events.sort(key=lambda event: event[0])
        return iter(events)

    def close(self) -> None:
        self._closing.set()
        self._writer.join(timeout=5)

    def _directory(self, account: str, region: str, group: str) -> Path:
        return self._root / _part(account) / _part(region) / _part(group)

    def _write(self) -> None:
        while not self._closing.wait(_FLUSH_INTERVAL):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            dirty, self._dirty = self._dirty, []
        for stream in dirty:
            try:
                stream.flush()
            except Exception:  # one stream's trouble is not the others'
                _log.exception("log events of %s were not written", stream.name)


def _encode(event: tuple[int, str]) -> bytes:
    """The line of one event. Fast, for the event loop cannot run meanwhile."""
    try:
        return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a surrogate pair, out of a function's own error type
        timestamp, text = event
        return _encode((timestamp, text.encode("utf-8", "replace").decode()))


def _part(text: str) -> str:
    """`text` as a directory's name: without dots, which lead elsewhere, and no longer than can be."""
    name = quote(text, safe="").replace(".", "%2E")
    if len(name) <= _NAME_BYTES:
        return name
    return f"{name[:_NAME_BYTES]}-{hashlib.sha256(text.encode()).hexdigest()}"


def _read(path: Path) -> Iterator[tuple[int, str]]:
    with open(path, "rb") as file:
        for line in file:
            if not line.endswith(b"\n"):  # being written, or cut off by a crash
                return
            try:
                timestamp, text = json.loads(line)
            except ValueError:  # torn by a power failure
                continue
            yield timestamp, text


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def today() -> datetime:
    return datetime.now(UTC)
