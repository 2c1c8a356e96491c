"""Settings of asynchronous invocation: the repository of the table `event_invoke_config`.

Whether the function, version or alias is there is looked at in the transaction that stores its settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingle.model.document import from_document, to_document
from ingle.model.errors import ResourceNotFound
from ingle.model.eventinvoke import EventInvokeConfig
from ingle.model.names import LATEST, FunctionKey, FunctionReference, is_version_number
from ingle.store.database import Connection, Database
from ingle.store.numbers import to_number
from ingle.store.sql import queries

SQL = queries("eventinvoke")

Change = Callable[[EventInvokeConfig | None], EventInvokeConfig]


@dataclass(frozen=True)
class EventInvokePage:
    """A part of a list; `next` is the qualifier after which it goes on, or None at the end."""

    configs: tuple[tuple[FunctionReference, EventInvokeConfig], ...]
    next: str | None


class EventInvokeConfigs:
    """The settings of every function of this database. References are qualified, with `$LATEST` as well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, reference: FunctionReference, change: Change) -> EventInvokeConfig:
        """Store and return what `change` makes of the settings, or of None; what it raises is raised here.

        Raises ResourceNotFound where there is no such function, version or alias.
        """

        def work(connection: Connection) -> EventInvokeConfig:
            row = _row(reference)
            if connection.execute(SQL["qualifier_exists"], row).fetchone() is None:
                raise _no_function()
            after = change(_get(connection, reference))
            connection.execute(SQL["put"], {**row, "document": json.dumps(to_document(after))})
            return after

        return await self._database.write(work)

    async def get(self, reference: FunctionReference) -> EventInvokeConfig | None:
        """The settings, or None."""
        return await self._database.read(lambda connection: _get(connection, reference))

    async def delete(self, reference: FunctionReference) -> bool:
        """Remove the settings; whether there were any."""
        row = _row(reference)
        return await self._database.write(
            lambda connection: connection.execute(SQL["delete"], row).rowcount > 0
        )

    async def page(self, key: FunctionKey, *, limit: int, after: str = "") -> EventInvokePage:
        """The settings of a function's qualifiers, by qualifier: at most `limit`, after `after`.

        Raises ResourceNotFound where there is no such function.
        """
        row = {**key._asdict(), "after": after, "limit": limit + 1}  # one more tells whether there is more

        def work(connection: Connection) -> list[Any]:
            if connection.execute(SQL["function_exists"], row).fetchone() is None:
                raise _no_function()
            return connection.execute(SQL["list"], row).fetchall()

        found = await self._database.read(work)
        shown = tuple((FunctionReference(key, each[0]), _config(each[1])) for each in found[:limit])
        return EventInvokePage(shown, shown[-1][0].qualifier if len(found) > limit else None)


def _get(connection: Connection, reference: FunctionReference) -> EventInvokeConfig | None:
    found = connection.execute(SQL["get"], _row(reference)).fetchone()
    return None if found is None else _config(found[0])


def _row(reference: FunctionReference) -> dict[str, Any]:
    qualifier = reference.qualifier or LATEST
    is_version = qualifier == LATEST or is_version_number(qualifier)
    return {
        **reference.key._asdict(),
        "qualifier": qualifier,
        "number": to_number(qualifier) if is_version else None,
        "alias": None if is_version else qualifier,
    }


def _config(document: str) -> EventInvokeConfig:
    return from_document(EventInvokeConfig, json.loads(document))


def _no_function() -> ResourceNotFound:
    return ResourceNotFound("The function doesn't exist.")
