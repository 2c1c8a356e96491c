"""Event source mappings: the repository of the table `event_source_mapping`.

A change is a function of what is stored, run in the transaction that stores its result: of two clients the
second sees what the first has left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.model.eventsources import SourceType
from ingle.model.mappings import (
    EventSourceMapping,
    MappingKey,
    MappingState,
    duplicate,
    is_duplicate,
    not_found,
)
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("mappings")

Change = Callable[[EventSourceMapping], EventSourceMapping]


@dataclass(frozen=True)
class MappingPage:
    """A part of a list; `next` is the UUID after which it goes on, or None at the end."""

    mappings: tuple[EventSourceMapping, ...]
    next: str | None


class EventSourceMappings:
    """The event source mappings of every account and region of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, mapping: EventSourceMapping, tags: Mapping[str, str]) -> None:
        """Add a mapping. Raises ResourceConflict where there is one of the same source and function."""

        def work(connection: Connection) -> None:
            _refuse_duplicate(connection, mapping)
            connection.execute(SQL["insert"], {**_row(mapping), "tags": json.dumps(dict(tags))})

        await self._database.write(work)

    async def change(self, key: MappingKey, change: Change) -> EventSourceMapping:
        """Store and return what `change` makes of a mapping; what it raises is raised here.

        Raises ResourceNotFound where there is none, ResourceConflict where it would be the same as another.
        """

        def work(connection: Connection) -> EventSourceMapping:
            before = _get(connection, key)
            if before is None:
                raise not_found()
            after = change(before)
            _refuse_duplicate(connection, after)
            connection.execute(SQL["update"], _row(after))
            return after

        return await self._database.write(work)

    async def settle(self, keys: list[MappingKey], change: Change) -> None:
        """Bring mappings to the end of their transition with `change`; those that are being deleted go."""

        def work(connection: Connection) -> None:
            for key in keys:
                mapping = _get(connection, key)
                if mapping is None:
                    continue
                if mapping.state is MappingState.DELETING:
                    connection.execute(SQL["delete"], key._asdict())
                else:
                    connection.execute(SQL["update"], _row(change(mapping)))

        await self._database.write(work)

    async def get(self, key: MappingKey) -> EventSourceMapping | None:
        """One mapping, or None."""
        return await self._database.read(lambda connection: _get(connection, key))

    async def page(
        self,
        account: str,
        region: str,
        *,
        limit: int,
        after: str = "",
        function_arn: str | None = None,
        event_source_arn: str | None = None,
    ) -> MappingPage:
        """Mappings by UUID, of one function or event source if asked: at most `limit`, after `after`."""
        row = {
            "account": account,
            "region": region,
            "after": after,
            "function_arn": function_arn,
            "event_source_arn": event_source_arn,
            "limit": limit + 1,  # one more tells whether there is more
        }
        found = await self._database.read(lambda connection: connection.execute(SQL["list"], row).fetchall())
        shown = tuple(_mapping(each) for each in found[:limit])
        return MappingPage(shown, shown[-1].key.uuid if len(found) > limit else None)

    async def unsettled(self, limit: int) -> list[EventSourceMapping]:
        """Mappings on their way to another state."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_unsettled"], {"limit": limit}).fetchall()
        )
        return [_mapping(row) for row in found]


def _get(connection: Connection, key: MappingKey) -> EventSourceMapping | None:
    found = connection.execute(SQL["get"], key._asdict()).fetchone()
    return None if found is None else _mapping(found)


def _refuse_duplicate(connection: Connection, mapping: EventSourceMapping) -> None:
    for row in connection.execute(SQL["of_function"], _row(mapping)).fetchall():
        existing = _mapping(row)
        if is_duplicate(mapping, existing):
            raise duplicate(mapping, existing)


def _row(mapping: EventSourceMapping) -> dict[str, Any]:
    return {
        **mapping.key._asdict(),
        "source": str(mapping.source),
        "function_arn": mapping.function_arn,
        "enabled": int(mapping.enabled),
        "state": str(mapping.state),
        "last_modified": mapping.last_modified,
        "settings": json.dumps(dict(mapping.settings), separators=(",", ":")),
    }


def _mapping(row: tuple[Any, ...]) -> EventSourceMapping:
    account, region, uuid, source, function_arn, enabled, state, last_modified, settings = row
    return EventSourceMapping(
        key=MappingKey(account, region, uuid),
        source=SourceType(source),
        function_arn=function_arn,
        enabled=bool(enabled),
        state=MappingState(state),
        last_modified=last_modified,
        settings=json.loads(settings),
    )
