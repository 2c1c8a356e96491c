"""Where functions' log events go: streams named as Lambda names them, gathered and handed on in batches.

An append costs a list append; every 50 ms what has gathered goes to the sink that `main` injects. What is
gathered is bounded, for each stream and for all together: a stream whose function floods says so through
`LogStream.congested`, and the worker then stops reading that function's output (which stops the function,
as a full pipe does) until the sink has caught up.

All of this happens on the event loop; the sink's work should not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import uuid4

from ingle.model.errors import IngleError

_FLUSH_INTERVAL = 0.05  # seconds
_STREAM_BOUND = 4 * 1024 * 1024  # characters that one stream may hold in memory, about
_TOTAL_BOUND = 64 * 1024 * 1024  # that all of them may; streams that hold nothing are not held up
_EVENT_OVERHEAD = 128  # of an event beside its text: a function may write empty lines only
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
        """Call `callback` once when the stream is no longer congested."""
        ...

    def close(self) -> None: ...


class LogStore(Protocol):
    """Opens streams. `main` decides which store a node has."""

    def open(self, account: str, region: str, group: str, name: str) -> LogStream: ...


class Gathered(NamedTuple):
    """What one stream has gathered: (epoch ms, text) in the order of writing."""

    account: str
    region: str
    group: str
    stream: str
    events: Sequence[tuple[int, str]]


class Sink(Protocol):
    """Takes what has gathered, one batch at a time. Raises IngleError where it is lost."""

    async def write(self, batch: Sequence[Gathered]) -> None: ...


class BufferedLogStream:
    """A stream of `BufferedLogs`."""

    def __init__(self, logs: BufferedLogs, account: str, region: str, group: str, name: str) -> None:
        self.name = name
        self._logs = logs
        self._place = (account, region, group, name)
        self._events: list[tuple[int, str]] = []
        self._size = 0  # of `_events`
        self._writing = 0  # of what the sink has not taken yet
        self._waiting: list[Callable[[], None]] = []

    def append(self, timestamp_ms: int, text: str) -> None:
        if not self._events:
            self._logs.dirty(self)
        self._events.append((timestamp_ms, text))
        size = len(text) + _EVENT_OVERHEAD
        self._size += size
        self._logs.held += size

    @property
    def congested(self) -> bool:
        held = self._size + self._writing
        return held > _STREAM_BOUND or (held > 0 and self._logs.held > _TOTAL_BOUND)

    def when_clear(self, callback: Callable[[], None]) -> None:
        self._waiting.append(callback)
        if not self.congested:  # written in between: nobody else will call
            self._call_waiting()

    def close(self) -> None:
        """Nothing to do: what is gathered is written with the next batch."""

    def take(self) -> Gathered:
        """What has gathered, now the sink's. Called by the store only, as is `written`."""
        events, self._events = self._events, []
        self._writing, self._size = self._size, 0
        return Gathered(*self._place, events)

    def written(self) -> None:
        """The sink has it, or it is lost."""
        self._logs.held -= self._writing
        self._writing = 0

    def relieve(self) -> None:
        """Tell who waits, where there is room again."""
        if self._waiting and not self.congested:
            self._call_waiting()

    def _call_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()


class BufferedLogs:
    """Streams that gather. Its life: `start`, `open`, `close`, which writes the rest."""

    def __init__(self, sink: Sink) -> None:
        self.held = 0  # characters gathered and not yet taken by the sink
        self._sink = sink
        self._dirty: list[BufferedLogStream] = []
        self._work = asyncio.Event()
        self._closing = False
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._writer = asyncio.get_running_loop().create_task(self._write_on())

    def open(self, account: str, region: str, group: str, name: str) -> BufferedLogStream:
        """Touches no disk: the stream is made with its first events, for a cold start waits for this."""
        return BufferedLogStream(self, account, region, group, name)

    def dirty(self, stream: BufferedLogStream) -> None:
        """`stream` has something to write."""
        self._dirty.append(stream)
        self._work.set()

    async def flush(self) -> None:
        """Give the sink what has gathered. One flush at a time; never fails but for cancellation."""
        self._work.clear()
        dirty, self._dirty = self._dirty, []
        if not dirty:
            return
        try:
            await self._sink.write([stream.take() for stream in dirty])
        except IngleError as error:
            # A full disk loses log lines, as it must; it stops no function and no node.
            _log.error("log events of %d streams lost: %s", len(dirty), error)
        except Exception:
            _log.exception("log events of %d streams lost", len(dirty))
        finally:
            for stream in dirty:
                stream.written()
            for stream in dirty:
                stream.relieve()

    async def close(self) -> None:
        """Write the rest. Twice is no error."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            self._closing = True
            self._work.set()
            await writer

    async def _write_on(self) -> None:
        while not self._closing:
            await self._work.wait()
            await asyncio.sleep(0 if self._closing else _FLUSH_INTERVAL)
            await self.flush()
        await self.flush()


def today() -> datetime:
    return datetime.now(UTC)
