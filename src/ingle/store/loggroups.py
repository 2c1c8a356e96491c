"""Log groups: the repository of the table `log_group`, in the database of logs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingle.model.names import partition
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("loggroups")


class LogGroupKey(NamedTuple):
    """What identifies a log group."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """Without the `:*` that some answers end it with."""
        return f"arn:{partition(self.region)}:logs:{self.region}:{self.account}:log-group:{self.name}"


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group. Times are milliseconds since the epoch; `retention_days` None keeps events for ever."""

    id: int
    key: LogGroupKey
    created_at: int
    retention_days: int | None
    log_class: str
    kms_key: str | None
    protected: bool
    stored_bytes: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupSelection:
    """Which groups to list. `after`: the last name of the page before. `names`: only these; None for all."""

    account: str
    region: str
    prefix: str = ""
    pattern: str = ""
    log_class: str | None = None
    names: Sequence[str] | None = None
    after: str = ""


class LogGroups:
    """The log groups of every account and region."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, group: LogGroup) -> bool:
        """Add a group (its `id` is not looked at); False where one of that name is there."""

        def work(connection: Connection) -> bool:
            try:
                insert(connection, group)
            except sqlite3.IntegrityError:
                return False
            return True

        return await self._database.write(work)

    async def get(self, key: LogGroupKey) -> LogGroup | None:
        return await self._database.read(lambda connection: find(connection, key))

    async def select(self, selection: GroupSelection, limit: int) -> list[tuple[LogGroup, int]]:
        """Up to `limit` groups by name, each with the number of its metric filters."""
        parameters = {
            "account": selection.account,
            "region": selection.region,
            "prefix": selection.prefix,
            "pattern": selection.pattern,
            "class": selection.log_class,
            "names": None if selection.names is None else json.dumps(list(selection.names)),
            "after": selection.after,
            "limit": limit,
        }

        def work(connection: Connection) -> list[tuple[LogGroup, int]]:
            rows = connection.execute(SQL["list"], parameters).fetchall()
            return [(_group(row[:-1]), row[-1]) for row in rows]

        return await self._database.read(work)

    async def set_retention(self, id: int, days: int | None) -> None:
        await self._set("set_retention", {"id": id, "days": days})

    async def set_tags(self, id: int, tags: Mapping[str, str]) -> None:
        await self._set("set_tags", {"id": id, "tags": json.dumps(dict(tags))})

    async def set_protected(self, id: int, protected: bool) -> None:
        await self._set("set_protected", {"id": id, "protected": protected})

    async def delete(self, id: int) -> None:
        """Remove a group with its streams and filters; its events are left to the sweep."""

        def work(connection: Connection) -> None:
            if connection.execute(SQL["delete"], {"id": id}).rowcount:
                connection.execute(SQL["mark_deleted"], {"id": id})

        await self._database.write(work)

    async def retained(self) -> list[tuple[int, int]]:
        """The groups whose events end some day: (id, days)."""
        return await self._database.read(
            lambda connection: [tuple(row) for row in connection.execute(SQL["retained"])]
        )

    async def _set(self, query: str, parameters: Mapping[str, object]) -> None:
        await self._database.write(lambda connection: connection.execute(SQL[query], parameters) and None)


def insert(connection: Connection, group: LogGroup) -> None:
    """Raises sqlite3.IntegrityError where there is one of that name."""
    account, region, name = group.key
    parameters = {
        "account": account,
        "region": region,
        "name": name,
        "created_at": group.created_at,
        "class": group.log_class,
        "kms_key": group.kms_key,
        "protected": group.protected,
        "tags": json.dumps(dict(group.tags)),
    }
    connection.execute(SQL["insert"], parameters)


def find(connection: Connection, key: LogGroupKey) -> LogGroup | None:
    row = connection.execute(SQL["get"], key._asdict()).fetchone()
    return None if row is None else _group(row)


def new_group(key: LogGroupKey, now: int) -> LogGroup:
    """A group as it is made at first use."""
    return LogGroup(0, key, now, None, "STANDARD", None, False, 0, {})


def _group(row: tuple[object, ...]) -> LogGroup:
    id, account, region, name, created_at, days, log_class, kms_key, protected, stored, tags = row
    return LogGroup(
        id=id,  # type: ignore[arg-type] # as the table has it
        key=LogGroupKey(str(account), str(region), str(name)),
        created_at=created_at,  # type: ignore[arg-type]
        retention_days=days,  # type: ignore[arg-type]
        log_class=str(log_class),
        kms_key=kms_key,  # type: ignore[arg-type]
        protected=bool(protected),
        stored_bytes=stored,  # type: ignore[arg-type]
        tags=json.loads(str(tags)),
    )
