"""Log streams: the repository of the table `log_stream`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ingle.store.database import Connection, Database
from ingle.store.loggroups import LogGroupKey
from ingle.store.sql import queries

SQL = queries("logstreams")


class StreamKey(NamedTuple):
    """What identifies a log stream."""

    group: LogGroupKey
    name: str


class LogStreamRow(NamedTuple):
    """A log stream. Times are milliseconds since the epoch, None while it has no event."""

    id: int
    log_group: int
    name: str
    created_at: int
    first_at: int | None
    last_at: int | None
    ingested_at: int | None


class LogStreams:
    """The log streams of every group; groups by their id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, log_group: int, name: str, now: int) -> bool:
        """False where there is one of that name."""

        def work(connection: Connection) -> bool:
            try:
                insert(connection, log_group, name, now)
            except sqlite3.IntegrityError:
                return False
            return True

        return await self._database.write(work)

    async def get(self, log_group: int, name: str) -> LogStreamRow | None:
        return await self._database.read(lambda connection: find(connection, log_group, name))

    async def by_name(
        self, log_group: int, prefix: str, after: str, descending: bool, limit: int
    ) -> list[LogStreamRow]:
        """Up to `limit` streams by name, from behind `after` on ("" for the beginning)."""
        query = "by_name_descending" if descending else "by_name"
        parameters = {"log_group": log_group, "prefix": prefix, "after": after, "limit": limit}
        return await self._list(query, parameters)

    async def by_last_event(
        self, log_group: int, after: tuple[int, str], descending: bool, limit: int
    ) -> list[LogStreamRow]:
        """Up to `limit` streams by the time of their last event, from behind `after` (time, name) on."""
        query = "by_last_event_descending" if descending else "by_last_event"
        at, name = after
        return await self._list(query, {"log_group": log_group, "at": at, "after": name, "limit": limit})

    async def named(self, log_group: int, names: Sequence[str]) -> dict[str, int]:
        """The ids of those streams that there are, by name."""
        return await self._ids("named", {"log_group": log_group, "names": json.dumps(list(names))})

    async def prefixed(self, log_group: int, prefix: str, limit: int) -> dict[str, int]:
        """The ids of up to `limit` streams whose name begins with `prefix`, those with the latest events."""
        return await self._ids("prefixed", {"log_group": log_group, "prefix": prefix, "limit": limit})

    async def delete(self, stream: LogStreamRow) -> None:
        """Remove a stream; its events are seen no more and left to the sweep."""

        def work(connection: Connection) -> None:
            if connection.execute(SQL["delete"], {"id": stream.id}).rowcount:
                parameters = {"id": stream.id, "log_group": stream.log_group}
                connection.execute(SQL["mark_deleted"], parameters)

        await self._database.write(work)

    async def _list(self, query: str, parameters: dict[str, object]) -> list[LogStreamRow]:
        return await self._database.read(
            lambda connection: [LogStreamRow(*row) for row in connection.execute(SQL[query], parameters)]
        )

    async def _ids(self, query: str, parameters: dict[str, object]) -> dict[str, int]:
        return await self._database.read(
            lambda connection: {name: id for id, name in connection.execute(SQL[query], parameters)}
        )


def insert(connection: Connection, log_group: int, name: str, now: int) -> None:
    """Raises sqlite3.IntegrityError where there is one of that name."""
    connection.execute(SQL["insert"], {"log_group": log_group, "name": name, "created_at": now})


def find(connection: Connection, log_group: int, name: str) -> LogStreamRow | None:
    row = connection.execute(SQL["get"], {"log_group": log_group, "name": name}).fetchone()
    return None if row is None else LogStreamRow(*row)


def missing(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of `ids` that no stream has."""
    rows = connection.execute(SQL["missing"], {"ids": json.dumps(list(ids))}).fetchall()
    return {id for (id,) in rows}
