"""What a function or a version has besides its configuration: the repository of the tables
`function_recursion` and `runtime_management`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingle.model.names import LATEST, FunctionKey
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("functionsettings")

DEFAULT_RECURSIVE_LOOP = "Terminate"


@dataclass(frozen=True, slots=True)
class RuntimeManagement:
    """When a version's runtime is updated; the ARN is the version that `Manual` keeps it at."""

    update_runtime_on: str = "Auto"
    runtime_version_arn: str | None = None


class FunctionSettings:
    """The settings of every function of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_recursion(self, key: FunctionKey, recursive_loop: str) -> bool:
        """Store what becomes of a function's recursive loops; False where there is no such function."""
        row = {**_key(key), "recursive_loop": recursive_loop}
        return await self._put("put_recursion", row)

    async def recursion(self, key: FunctionKey) -> str:
        """What becomes of a function's recursive loops."""
        found = await self._get("get_recursion", _key(key))
        return DEFAULT_RECURSIVE_LOOP if found is None else str(found[0])

    async def put_runtime_management(
        self, key: FunctionKey, version: str, management: RuntimeManagement
    ) -> bool:
        """Store when a version's runtime is updated; False where there is no such version."""
        row = {
            **_key(key, version),
            "update_runtime_on": management.update_runtime_on,
            "runtime_version_arn": management.runtime_version_arn,
        }
        return await self._put("put_runtime_management", row)

    async def runtime_management(self, key: FunctionKey, version: str) -> RuntimeManagement:
        """When a version's runtime is updated."""
        found = await self._get("get_runtime_management", _key(key, version))
        return RuntimeManagement() if found is None else RuntimeManagement(*found)

    async def _put(self, query: str, row: dict[str, Any]) -> bool:
        def work(connection: Connection) -> bool:
            if connection.execute(SQL["exists"], row).fetchone() is None:
                return False
            connection.execute(SQL[query], row)
            return True

        return await self._database.write(work)

    async def _get(self, query: str, row: dict[str, Any]) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = await self._database.read(
            lambda connection: connection.execute(SQL[query], row).fetchone()
        )
        return found


def _key(key: FunctionKey, version: str = LATEST) -> dict[str, Any]:
    return {**key._asdict(), "number": 0 if version == LATEST else int(version)}
