"""Log events: the repository of the table `log_event`.

A batch goes in by one statement that unpacks a JSON document, and a page comes out as one. For SQLite's
driver lets go of the interpreter's lock at every row and has to get it back: beside a busy event loop that
was measured at 180 rows a second one by one, and 60,000 as a document (a quiet machine does 130,000 either
way, and the document holds the lock for 0.1 µs an event). Messages stay the JSON strings that they came as.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from ingle.store import loggroups, logstreams
from ingle.store.database import Connection, Database
from ingle.store.logstreams import StreamKey
from ingle.store.sql import queries

SQL = queries("logevents")

Events = Sequence[tuple[int, str]]  # (milliseconds since the epoch, text), in the order of their coming
Batch = Sequence[tuple[StreamKey, Events]]

EVENT_OVERHEAD = 26  # bytes that AWS counts for an event beside its text
_STATEMENT_BYTES = 512 * 1024  # of text that one statement takes: the lock is held while it is written
_STATEMENT_EVENTS = 2_000
_REMEMBERED = 20_000  # streams; beyond that all are forgotten at once


class Position(NamedTuple):
    """Where an event stands in its group: time (epoch ms) and number."""

    at: int
    id: int


class Event(NamedTuple):
    """Times are milliseconds since the epoch."""

    at: int
    id: int
    stream: str
    ingested_at: int
    message: str

    @property
    def position(self) -> Position:
        return Position(self.at, self.id)


class Span(NamedTuple):
    """Whose events are meant, and when: of a group, or of some of its streams (ids), from `start` on and
    before `end`."""

    log_group: int
    streams: tuple[int, ...] | None
    start: int
    end: int


class LogEvents:
    """The events of every log stream."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[StreamKey, int] = {}  # used on the writer's thread only

    async def append(self, batch: Batch, now: int) -> None:
        """Add events to streams; those that are missing are made, with their groups. Raises ServiceError."""
        await self._database.write(lambda connection: self._append(connection, batch, now))

    async def put(self, stream: int, events: Events, now: int) -> None:
        """Add events to a stream by its id; where it has gone meanwhile they go with it."""
        await self._database.write(lambda connection: _insert(connection, [(stream, events)], now))

    async def after(self, span: Span, position: Position, limit: int, size: int) -> list[Event]:
        """The first events behind `position`: as many as there are, up to `limit` and `size` bytes, but one
        at least. They are in order."""
        start = max(position, Position(span.start, 0))
        return await self._page("", span, start, limit, size)

    async def before(self, span: Span, position: Position, limit: int, size: int) -> list[Event]:
        """The last events in front of `position`, in order; as `after`."""
        end = min(position, Position(span.end, 0))
        return await self._page("_descending", span, end, limit, size)

    async def expire(self, log_group: int, before: int, limit: int) -> int:
        """Remove up to `limit` events older than `before`; how many it were."""

        def work(connection: Connection) -> int:
            parameters = {"log_group": log_group, "before": before, "limit": limit}
            return _remove(connection, log_group, "expired", parameters)

        return await self._database.write(work)

    async def sweep(self, limit: int) -> int:
        """Remove up to `limit` events of what was deleted, and give their room back; 0 when there is none."""
        return await self._database.write(lambda connection: _sweep(connection, limit))

    async def reclaim(self, pages: int) -> None:
        """Give up to `pages` pages that nothing uses back to the file system."""
        # As a script, for the driver steps through a single statement once, and a step frees one page.
        await self._database.maintain(f"PRAGMA incremental_vacuum({pages})")

    async def _page(
        self, direction: str, span: Span, position: Position, limit: int, size: int
    ) -> list[Event]:
        source = "positions_of_group"
        if span.streams is not None:  # of one they come in order, of several they are sorted
            source = "positions_of_stream" if len(span.streams) == 1 else "positions_of_streams"
        parameters = {
            "log_group": span.log_group,
            "streams": json.dumps(list(span.streams or ())),
            "stream": span.streams[0] if span.streams else None,
            "start": span.start,
            "end": span.end,
            "at": position.at,
            "id": position.id,
            "limit": limit,
        }

        def work(connection: Connection) -> list[Event]:
            found = _document(connection, source + direction, parameters)
            chosen = json.dumps(list(_within(found, size)))
            rows = _document(connection, "events", {"log_group": span.log_group, "positions": chosen})
            return [Event(*row) for row in rows]

        return await self._database.read(work)

    def _append(self, connection: Connection, batch: Batch, now: int) -> None:
        if len(self._ids) > _REMEMBERED:
            self._ids.clear()
        known = [self._ids[key] for key, _ in batch if key in self._ids]
        gone = logstreams.missing(connection, known)
        for key, _ in batch:
            if key not in self._ids or self._ids[key] in gone:
                self._ids[key] = _ensure(connection, key, now)
        try:
            _insert(connection, [(self._ids[key], events) for key, events in batch], now)
        except BaseException:
            self._ids.clear()  # streams that were just made are undone with the rest
            raise


def _ensure(connection: Connection, key: StreamKey, now: int) -> int:
    """The id of a stream that is there from now on."""
    group = loggroups.find(connection, key.group)
    if group is None:
        loggroups.insert(connection, loggroups.new_group(key.group, now))
        group = loggroups.find(connection, key.group)
        assert group is not None
    stream = logstreams.find(connection, group.id, key.name)
    if stream is None:
        logstreams.insert(connection, group.id, key.name, now)
        stream = logstreams.find(connection, group.id, key.name)
        assert stream is not None
    return stream.id


def _insert(connection: Connection, batch: Sequence[tuple[int, Events]], now: int) -> None:
    touched = []
    rows: list[tuple[int, int, int, str]] = []
    waiting = 0
    for stream, events in batch:
        total = 0
        for at, text in events:
            size = (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) + EVENT_OVERHEAD
            rows.append((stream, at, size, text))
            total += size
            waiting += size
            if waiting >= _STATEMENT_BYTES or len(rows) >= _STATEMENT_EVENTS:
                _insert_rows(connection, rows, now)
                rows, waiting = [], 0
        times = [at for at, _ in events]
        touched.append((stream, min(times), max(times), total))
    if rows:
        _insert_rows(connection, rows, now)
    document = orjson.dumps(touched).decode()
    connection.execute(SQL["touch_streams"], {"streams": document, "now": now})
    connection.execute(SQL["touch_groups"], {"streams": document})


def _insert_rows(connection: Connection, rows: list[tuple[int, int, int, str]], now: int) -> None:
    ((first,),) = connection.execute(SQL["reserve"], {"count": len(rows)}).fetchall()
    connection.execute(SQL["insert"], {"rows": _dump(rows), "first": first, "now": now})


def _dump(rows: list[tuple[int, int, int, str]]) -> str:
    try:
        return orjson.dumps(rows).decode()
    except TypeError:  # half a surrogate pair, out of a function's own error type
        whole = [(*row[:3], row[3].encode("utf-8", "replace").decode()) for row in rows]
        return orjson.dumps(whole).decode()


def _document(connection: Connection, query: str, parameters: dict[str, Any]) -> list[Any]:
    """What a query that makes one JSON array has found."""
    (text,) = connection.execute(SQL[query], parameters).fetchone()
    return [] if text is None else orjson.loads(text)


def _within(found: Sequence[list[int]], bound: int) -> Iterator[tuple[int, int]]:
    """The first positions whose events are not larger than `bound` together; one at least."""
    total = 0
    for number, (at, id, size) in enumerate(found):
        total += size
        if number and total > bound:
            return
        yield at, id


def _remove(connection: Connection, log_group: int, query: str, parameters: dict[str, Any]) -> int:
    found = _document(connection, query, parameters)
    if found:
        connection.execute(SQL["delete"], {"log_group": log_group, "positions": json.dumps(found)})
        freed = sum(size for _, _, size in found)
        connection.execute(SQL["shrink_group"], {"log_group": log_group, "bytes": freed})
    return len(found)


def _sweep(connection: Connection, limit: int) -> int:
    group = connection.execute(SQL["deleted_group"]).fetchone()
    if group is not None:
        parameters = {"log_group": group[0], "before": 2**63 - 1, "limit": limit}
        removed = _remove(connection, group[0], "expired", parameters)
        if removed < limit:
            connection.execute(SQL["forget_deleted_group"], {"id": group[0]})
        return max(1, removed)
    stream = connection.execute(SQL["deleted_stream"]).fetchone()
    if stream is None:
        return 0
    parameters = {"stream": stream[0], "limit": limit}
    removed = _remove(connection, stream[1], "of_deleted_stream", parameters)
    if removed < limit:
        connection.execute(SQL["forget_deleted_stream"], {"id": stream[0]})
    return max(1, removed)
