"""Aliases: the repository of the table `alias`.

Which versions there are is looked at in the transaction that names them, so that no alias ever names a
version that is gone. Whoever watches functions is told of their aliases' changes too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingle.model.alias import AdditionalVersion, Alias
from ingle.model.errors import ResourceConflict, ResourceNotFound
from ingle.model.function import FunctionConfiguration, FunctionVersion
from ingle.model.names import FunctionKey, FunctionReference
from ingle.store.concurrency import move_provisioned
from ingle.store.database import Connection, Database
from ingle.store.functions import Functions, revision_mismatch
from ingle.store.numbers import to_number, to_version
from ingle.store.sql import queries

SQL = queries("aliases")


@dataclass(frozen=True)
class Route:
    """Where an alias leads: to `first`, but for a share of `weight` (0 to 1) to `second`, if there is one."""

    first: FunctionVersion
    second: FunctionVersion | None
    weight: float


@dataclass(frozen=True)
class AliasPage:
    """A part of a list; `next` is the name after which it goes on, or None at the end."""

    aliases: tuple[Alias, ...]
    next: str | None


class Aliases:
    """The aliases of every function of this database."""

    def __init__(self, database: Database, functions: Functions) -> None:
        self._database = database
        self._functions = functions

    async def create(self, alias: Alias) -> None:
        """Add an alias. Raises ResourceNotFound for a version that is not there, ResourceConflict where the
        name is taken."""

        def work(connection: Connection) -> None:
            _require_versions(connection, alias)
            if not connection.execute(SQL["insert"], _row(alias)).rowcount:
                raise ResourceConflict(f"Alias already exists: {alias.arn}")

        await self._database.write(work)
        self._functions.changed(alias.key)

    async def update(
        self, key: FunctionKey, name: str, change: Callable[[Alias], Alias], revision_id: str | None = None
    ) -> Alias:
        """Replace an alias by what `change` makes of it; returns that. What `change` raises changes nothing.

        Raises ResourceNotFound where there is no such alias or version, PreconditionFailed where
        `revision_id` is given and is not the stored one, and what `move_provisioned` raises.
        """

        def work(connection: Connection) -> Alias:
            found = connection.execute(SQL["get"], {**key._asdict(), "alias": name}).fetchone()
            if found is None:
                raise ResourceNotFound(f"Alias not found: {key.qualified_arn(name)}")
            before = _alias(found)
            if revision_id and revision_id != before.revision_id:
                raise revision_mismatch()
            after = change(before)
            _require_versions(connection, after)
            connection.execute(SQL["update"], _row(after))
            if after.function_version != before.function_version:
                move_provisioned(connection, key, name, to_number(after.function_version))
            return after

        updated = await self._database.write(work)
        self._functions.changed(key)
        return updated

    async def delete(self, key: FunctionKey, name: str) -> None:
        """Remove an alias with all that belongs to it; one that is not there is no error. Raises
        ResourceNotFound where there is no such function."""

        def work(connection: Connection) -> None:
            _require_function(connection, key)
            connection.execute(SQL["delete"], {**key._asdict(), "alias": name})

        await self._database.write(work)
        self._functions.changed(key)

    async def get(self, key: FunctionKey, name: str) -> Alias | None:
        """An alias, or None."""
        row = {**key._asdict(), "alias": name}
        found = await self._database.read(lambda connection: connection.execute(SQL["get"], row).fetchone())
        return None if found is None else _alias(found)

    async def route(self, key: FunctionKey, name: str) -> Route | None:
        """The versions that an alias leads to, as of one moment, or None where there is no such alias."""
        row = {**key._asdict(), "alias": name}
        found = await self._database.read(lambda connection: connection.execute(SQL["route"], row).fetchone())
        if found is None:
            return None
        first, second, weight = found
        return Route(_version(key, first), None if second is None else _version(key, second), weight or 0.0)

    async def page(
        self, key: FunctionKey, *, function_version: str | None, limit: int, after: str | None = None
    ) -> AliasPage:
        """The aliases of a function by name, only those of a version if that is given: at most `limit`, after
        `after`. Raises ResourceNotFound where there is no such function."""
        row = {
            **key._asdict(),
            "number": None if function_version is None else to_number(function_version),
            "after": after or "",
            "limit": limit + 1,  # one more tells whether there is more
        }

        def work(connection: Connection) -> list[Any]:
            _require_function(connection, key)
            return connection.execute(SQL["list"], row).fetchall()

        found = await self._database.read(work)
        shown = tuple(_alias(one) for one in found[:limit])
        return AliasPage(shown, shown[-1].name if len(found) > limit else None)


def _require_function(connection: Connection, key: FunctionKey) -> None:
    if connection.execute(SQL["function_exists"], key._asdict()).fetchone() is None:
        raise FunctionReference(key).not_found()


def _require_versions(connection: Connection, alias: Alias) -> None:
    versions = [alias.function_version, *([alias.additional.version] if alias.additional else [])]
    for version in versions:
        row = {**alias.key._asdict(), "number": to_number(version)}
        if connection.execute(SQL["version_exists"], row).fetchone() is None:
            raise FunctionReference(alias.key, version).not_found()


def _row(alias: Alias) -> dict[str, Any]:
    additional = alias.additional
    return {
        **alias.key._asdict(),
        "alias": alias.name,
        "number": to_number(alias.function_version),
        "additional_number": None if additional is None else to_number(additional.version),
        "additional_weight": None if additional is None else additional.weight,
        "description": alias.description,
        "revision_id": alias.revision_id,
    }


def _alias(row: tuple[Any, ...]) -> Alias:
    account, region, function, name, number, second, weight, description, revision_id = row
    return Alias(
        FunctionKey(account, region, function),
        name,
        to_version(number),
        description,
        revision_id,
        None if second is None else AdditionalVersion(to_version(second), weight),
    )


def _version(key: FunctionKey, configuration: str) -> FunctionVersion:
    return FunctionVersion(key, FunctionConfiguration.of(json.loads(configuration)))
