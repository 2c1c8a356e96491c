"""Capacity providers: the repository of the table `capacity_provider`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ingle.model.capacity import CapacityProvider, arn_of
from ingle.model.document import from_document, to_document
from ingle.model.errors import ResourceConflict
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("capacity")

Change = Callable[[CapacityProvider], CapacityProvider]


class CapacityProviders:
    """The capacity providers of every account and region of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, account: str, region: str, provider: CapacityProvider, tags: Mapping[str, str]
    ) -> None:
        """Add a provider. Raises ResourceConflict where its name is taken."""
        row = {**_row(account, region, provider), "tags": json.dumps(dict(tags))}

        def work(connection: Connection) -> None:
            if not connection.execute(SQL["insert"], row).rowcount:
                raise ResourceConflict(f"Capacity provider already exists: {provider.capacity_provider_arn}")

        await self._database.write(work)

    async def get(self, account: str, region: str, name: str) -> CapacityProvider | None:
        """The provider of that name, or None."""
        row = {"account": account, "region": region, "name": name}
        found = await self._database.read(lambda connection: connection.execute(SQL["get"], row).fetchone())
        return None if found is None else _provider(found[0])

    async def change(self, account: str, region: str, name: str, change: Change) -> CapacityProvider | None:
        """Store and return what `change` makes of a provider, in one transaction; None where there is none.

        What `change` raises is raised here.
        """
        row = {"account": account, "region": region, "name": name}

        def work(connection: Connection) -> CapacityProvider | None:
            found = connection.execute(SQL["get"], row).fetchone()
            if found is None:
                return None
            changed = change(_provider(found[0]))
            connection.execute(SQL["update"], _row(account, region, changed))
            return changed

        return await self._database.write(work)

    async def delete(self, account: str, region: str, name: str) -> bool:
        """Remove a provider; whether it was there. Raises ResourceConflict while a version is given to it."""
        row = {"account": account, "region": region, "name": name}
        arn = arn_of(account, region, name)
        users = {"arn": arn, "after_name": "", "after_number": -1, "limit": 1}

        def work(connection: Connection) -> bool:
            if connection.execute(SQL["versions"], users).fetchone() is not None:
                raise ResourceConflict(
                    f"The capacity provider {arn} cannot be deleted because it is in use by one or more "
                    "function versions."
                )
            return connection.execute(SQL["delete"], row).rowcount > 0

        return await self._database.write(work)

    async def page(
        self, account: str, region: str, *, state: str | None, limit: int, after: str
    ) -> list[CapacityProvider]:
        """At most `limit` providers by name, after the name `after`; only those in `state`, if given."""
        row = {"account": account, "region": region, "state": state, "limit": limit, "after": after}
        found = await self._database.read(lambda connection: connection.execute(SQL["list"], row).fetchall())
        return [_provider(document) for _, document in found]

    async def versions(self, arn: str, *, limit: int, after: tuple[str, int]) -> list[tuple[str, int, str]]:
        """Name, number (0 is `$LATEST`) and state of at most `limit` function versions of a provider."""
        row = {"arn": arn, "limit": limit, "after_name": after[0], "after_number": after[1]}
        return await self._database.read(
            lambda connection: connection.execute(SQL["versions"], row).fetchall()
        )


def _row(account: str, region: str, provider: CapacityProvider) -> dict[str, Any]:
    document = json.dumps(to_document(provider), separators=(",", ":"))
    return {"account": account, "region": region, "name": provider.name, "document": document}


def _provider(document: str) -> CapacityProvider:
    return from_document(CapacityProvider, json.loads(document))
