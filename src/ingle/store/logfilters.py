"""Metric filters and subscription filters of log groups: the repository of the table `log_filter`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("logfilters")

Kind = Literal["metric", "subscription"]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter of the group named `group`. `document` has the members that it was put with. created_at:
    milliseconds since the epoch."""

    group: str
    name: str
    created_at: int
    document: Mapping[str, Any]


class LogFilters:
    """The filters of every group; groups by their id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, log_group: int, kind: Kind, filter: LogFilter, most: int) -> bool:
        """Add or replace a filter; False where the group has `most` others already."""
        parameters = {
            "log_group": log_group,
            "kind": kind,
            "name": filter.name,
            "created_at": filter.created_at,
            "document": json.dumps(filter.document),
        }

        def work(connection: Connection) -> bool:
            if connection.execute(SQL["count"], parameters).fetchone()[0] >= most:
                return False
            connection.execute(SQL["put"], parameters)
            return True

        return await self._database.write(work)

    async def of_group(
        self, log_group: int, group_name: str, kind: Kind, prefix: str, after: str, limit: int
    ) -> list[LogFilter]:
        """Up to `limit` filters of a group by name, from behind `after` on."""
        parameters = {
            "log_group": log_group,
            "kind": kind,
            "prefix": prefix,
            "after": after,
            "limit": limit,
        }

        def work(connection: Connection) -> list[LogFilter]:
            rows = connection.execute(SQL["of_group"], parameters)
            return [LogFilter(group_name, name, at, json.loads(text)) for name, at, text in rows]

        return await self._database.read(work)

    async def of_region(
        self, account: str, region: str, kind: Kind, prefix: str, after: tuple[str, str], limit: int
    ) -> list[LogFilter]:
        """Up to `limit` filters of all groups by group and name, from behind `after` (group, name) on."""
        group, name = after
        parameters = {
            "account": account,
            "region": region,
            "kind": kind,
            "prefix": prefix,
            "after_group": group,
            "after": name,
            "limit": limit,
        }

        def work(connection: Connection) -> list[LogFilter]:
            rows = connection.execute(SQL["of_region"], parameters)
            return [LogFilter(group, name, at, json.loads(text)) for group, name, at, text in rows]

        return await self._database.read(work)

    async def delete(self, log_group: int, kind: Kind, name: str) -> bool:
        """Whether there was one."""
        parameters = {"log_group": log_group, "kind": kind, "name": name}
        return await self._database.write(
            lambda connection: connection.execute(SQL["delete"], parameters).rowcount > 0
        )
