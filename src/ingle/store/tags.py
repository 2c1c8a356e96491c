"""Tags of everything that has them: one column `tags` in the table of each kind of resource."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ingle.model.errors import ResourceNotFound
from ingle.model.names import FunctionKey
from ingle.model.tags import ResourceKind, TaggedResource
from ingle.store.database import Connection, Database
from ingle.store.functions import Functions
from ingle.store.sql import queries

SQL = queries("tags")

_TABLES = {
    ResourceKind.FUNCTION: "function",
    ResourceKind.EVENT_SOURCE_MAPPING: "mapping",
    ResourceKind.CODE_SIGNING_CONFIG: "code_signing_config",
    ResourceKind.CAPACITY_PROVIDER: "capacity_provider",
}


class Tags:
    """Reads and changes the tags of a resource, of whichever kind."""

    def __init__(self, database: Database, functions: Functions) -> None:
        self._database = database
        self._functions = functions

    async def get(self, resource: TaggedResource) -> dict[str, str]:
        """The tags. Raises ResourceNotFound where there is no such resource."""
        return await self._database.read(lambda connection: _get(connection, resource))

    async def change(
        self, resource: TaggedResource, change: Callable[[Mapping[str, str]], dict[str, str]]
    ) -> None:
        """Store what `change` makes of the tags; what it raises is raised here. As AWS has it, that gives a
        function another RevisionId. Raises ResourceNotFound."""
        is_function = resource.kind is ResourceKind.FUNCTION

        def work(connection: Connection) -> None:
            row = _row(resource)
            tags = change(_get(connection, resource))
            connection.execute(SQL[f"set_{_TABLES[resource.kind]}"], {**row, "tags": json.dumps(tags)})
            if is_function:
                connection.execute(SQL["renew_function"], {**row, "revision_id": str(uuid.uuid4())})

        await self._database.write(work)
        if is_function:
            self._functions.changed(FunctionKey(resource.account, resource.region, resource.identifier))


def _get(connection: Connection, resource: TaggedResource) -> dict[str, str]:
    found = connection.execute(SQL[f"get_{_TABLES[resource.kind]}"], _row(resource)).fetchone()
    if found is None:
        raise ResourceNotFound(f"{resource.kind} not found: {resource.arn}")
    tags: dict[str, str] = json.loads(found[0])
    return tags


def _row(resource: TaggedResource) -> dict[str, Any]:
    return {"account": resource.account, "region": resource.region, "id": resource.identifier}
