"""Code signing configurations and the functions that use them: the repository of the tables
`code_signing_config` and `function_code_signing`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ingle.model.codesigning import CodeSigningConfig, arn_of
from ingle.model.document import from_document, to_document
from ingle.model.errors import CodeSigningConfigNotFound, ResourceConflict
from ingle.model.names import FunctionKey
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("codesigning")

Change = Callable[[CodeSigningConfig], CodeSigningConfig]


class CodeSigningConfigs:
    """The code signing configurations of every account and region of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, account: str, region: str, config: CodeSigningConfig, tags: Mapping[str, str]
    ) -> None:
        """Add a configuration."""
        row = {**_row(account, region, config), "tags": json.dumps(dict(tags))}
        await self._database.write(lambda connection: connection.execute(SQL["insert"], row))

    async def get(self, account: str, region: str, arn: str) -> CodeSigningConfig | None:
        """The configuration with an ARN, or None; another account's is not there for this one."""
        if (row := _key(account, region, arn)) is None:
            return None
        found = await self._database.read(lambda connection: connection.execute(SQL["get"], row).fetchone())
        return None if found is None else _config(found[0])

    async def change(self, account: str, region: str, arn: str, change: Change) -> CodeSigningConfig | None:
        """Store and return what `change` makes of a configuration; None where there is none.

        It is run in the transaction that stores its result: of two clients the second sees what the first
        has left.
        """
        if (row := _key(account, region, arn)) is None:
            return None

        def work(connection: Connection) -> CodeSigningConfig | None:
            found = connection.execute(SQL["get"], row).fetchone()
            if found is None:
                return None
            changed = change(_config(found[0]))
            connection.execute(SQL["update"], _row(account, region, changed))
            return changed

        return await self._database.write(work)

    async def delete(self, account: str, region: str, arn: str) -> bool:
        """Remove a configuration; whether it was there. Raises ResourceConflict while a function uses it."""
        if (row := _key(account, region, arn)) is None:
            return False

        def work(connection: Connection) -> bool:
            if connection.execute(SQL["in_use"], row).fetchone() is not None:
                raise ResourceConflict(
                    f"The code signing configuration {arn} cannot be deleted because it is in use by "
                    "one or more functions."
                )
            return connection.execute(SQL["delete"], row).rowcount > 0

        return await self._database.write(work)

    async def page(self, account: str, region: str, *, limit: int, after: str) -> list[CodeSigningConfig]:
        """At most `limit` configurations in the order of their identifiers, after the identifier `after`."""
        row = {"account": account, "region": region, "after": after, "limit": limit}
        found = await self._database.read(lambda connection: connection.execute(SQL["list"], row).fetchall())
        return [_config(document) for _, document in found]

    async def assign(self, key: FunctionKey, arn: str) -> None:
        """Have a function, which is there, use a configuration from now on.

        Raises CodeSigningConfigNotFound where there is no such configuration (any more).
        """
        await self._database.write(lambda connection: assign(connection, key, arn))

    async def assigned(self, key: FunctionKey) -> str | None:
        """The ARN of the configuration that a function uses, or None."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["assigned"], key._asdict()).fetchone()
        )
        return None if found is None else arn_of(key.account, key.region, found[0])

    async def unassign(self, key: FunctionKey) -> None:
        """Have a function use none; one that used none is no error."""
        await self._database.write(lambda connection: connection.execute(SQL["unassign"], key._asdict()))

    async def functions(
        self, account: str, region: str, arn: str, *, limit: int, after: str
    ) -> list[FunctionKey]:
        """At most `limit` functions that use a configuration, by name, after the name `after`."""
        row = {**(_key(account, region, arn) or {}), "limit": limit, "after": after}
        found = await self._database.read(
            lambda connection: connection.execute(SQL["functions"], row).fetchall()
        )
        return [FunctionKey(account, region, name) for (name,) in found]


def assign(connection: Connection, key: FunctionKey, arn: str) -> None:
    """As `CodeSigningConfigs.assign`, as a part of another transaction."""
    row = _key(key.account, key.region, arn)
    if row is None or connection.execute(SQL["get"], row).fetchone() is None:
        raise not_found(arn)
    connection.execute(SQL["assign"], {**row, "name": key.name})


def not_found(arn: str) -> CodeSigningConfigNotFound:
    """AWS's answer where a function is to use a configuration that is not there."""
    return CodeSigningConfigNotFound(
        "The code signing configuration cannot be found. "
        f"Check that the provided configuration is not deleted: {arn}."
    )


def _key(account: str, region: str, arn: str) -> dict[str, Any] | None:
    identifier = arn.rpartition(":")[2]
    if arn != arn_of(account, region, identifier):
        return None
    return {"account": account, "region": region, "id": identifier}


def _row(account: str, region: str, config: CodeSigningConfig) -> dict[str, Any]:
    document = json.dumps(to_document(config), separators=(",", ":"))
    return {"account": account, "region": region, "id": config.code_signing_config_id, "document": document}


def _config(document: str) -> CodeSigningConfig:
    return from_document(CodeSigningConfig, json.loads(document))
