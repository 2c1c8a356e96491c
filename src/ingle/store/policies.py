"""Policies of functions, versions and aliases: the repository of the table `function_policy`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from ingle.model.names import LATEST, FunctionReference, is_version_number
from ingle.model.policy import Policy, StoredPolicy
from ingle.store.database import Connection, Database
from ingle.store.numbers import to_number
from ingle.store.sql import queries

SQL = queries("policies")

Change = Callable[[StoredPolicy | None], Policy | None]


class FunctionPolicies:
    """The policies of every function of this database. A function, each of its versions and each of its
    aliases has its own; what a reference without qualifier means is the function's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, reference: FunctionReference) -> StoredPolicy | None:
        """The policy of a function, version or alias, or None."""
        row = _row(reference)
        return await self._database.read(lambda connection: _get(connection, row))

    async def change(self, reference: FunctionReference, change: Change) -> StoredPolicy | None:
        """Have `change` make a new policy of the old one, None taking it away; returns what is stored then.

        What `change` raises undoes all. Raises KeyError where the function, version or alias is not there.
        """
        row = _row(reference)

        def work(connection: Connection) -> StoredPolicy | None:
            if not _exists(connection, row):
                raise KeyError(reference.arn)
            policy = change(_get(connection, row))
            if policy is None:
                connection.execute(SQL["delete"], row)
                return None
            stored = StoredPolicy(policy, str(uuid.uuid4()))
            connection.execute(SQL["put"], {**row, "policy": policy.text, "revision_id": stored.revision_id})
            return stored

        return await self._database.write(work)

    async def function_exists(self, reference: FunctionReference) -> bool:
        """Whether the function is there, whatever the qualifier names."""
        row = _row(reference)
        found = await self._database.read(
            lambda connection: connection.execute(SQL["function"], row).fetchone()
        )
        return found is not None


def _get(connection: Connection, row: dict[str, Any]) -> StoredPolicy | None:
    found = connection.execute(SQL["get"], row).fetchone()
    return None if found is None else StoredPolicy(Policy.of(found[0]), found[1])


def _exists(connection: Connection, row: dict[str, Any]) -> bool:
    of = "alias" if row["alias"] is not None else "version" if row["number"] is not None else "function"
    return connection.execute(SQL[of], row).fetchone() is not None


def _row(reference: FunctionReference) -> dict[str, Any]:
    qualifier = reference.qualifier
    numbered = qualifier is not None and (qualifier == LATEST or is_version_number(qualifier))
    return {
        **reference.key._asdict(),
        "qualifier": qualifier or "",
        "number": to_number(qualifier) if qualifier is not None and numbered else None,
        "alias": None if numbered else qualifier,
    }
