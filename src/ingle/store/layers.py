"""Layers and their versions: the repository of the tables `layer` and `layer_version`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from ingle.model.function import Code
from ingle.model.layers import LayerKey, LayerReference, LayerVersion, parse_layer_version_arn
from ingle.model.policy import Policy, StoredPolicy
from ingle.store.database import Connection, Database
from ingle.store.functions import check_room
from ingle.store.sql import queries

SQL = queries("layers")


class Layers:
    """The layers of every account and region of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, layer: LayerVersion, *, total_code_size: int) -> LayerVersion:
        """Add a version, under a number that no version of this layer ever had; returns it with that number.

        total_code_size: bytes of code that the account may have, this one included. Raises
        CodeStorageExceeded where it has no room.
        """

        def work(connection: Connection) -> LayerVersion:
            number = connection.execute(SQL["next_number"], layer.key._asdict()).fetchone()[0]
            published = layer.published(number)
            connection.execute(SQL["insert"], _row(published))
            check_room(connection, layer.key.account, layer.key.region, total_code_size)
            return published

        return await self._database.write(work)

    async def get(self, reference: LayerReference) -> LayerVersion | None:
        """A layer version, or None; a deleted one is none."""
        row = _key(reference)
        found = await self._database.read(lambda connection: connection.execute(SQL["get"], row).fetchone())
        return None if found is None else _version(found)

    async def delete(self, reference: LayerReference, now: float) -> None:
        """Delete a version at the time `now` (seconds since the epoch); one that is not there is no error."""
        row = {**_key(reference), "now": now}
        await self._database.write(lambda connection: connection.execute(SQL["delete"], row))

    async def versions(
        self, key: LayerKey, *, runtime: str | None, architecture: str | None, limit: int, before: int
    ) -> list[LayerVersion]:
        """At most `limit` versions of a layer below the number `before`, newest first.

        Only those that name `runtime` and `architecture` as compatible, where these are given.
        """
        row = {**key._asdict(), "runtime": runtime, "architecture": architecture}
        return await self._list("list_versions", {**row, "limit": limit, "before": before})

    async def newest(
        self,
        account: str,
        region: str,
        *,
        runtime: str | None,
        architecture: str | None,
        limit: int,
        after: str,
    ) -> list[LayerVersion]:
        """The newest version of each of at most `limit` layers, by name, after the name `after`.

        Filters as `versions` has them: a layer without a version that fits is left out.
        """
        row = {"account": account, "region": region, "runtime": runtime, "architecture": architecture}
        return await self._list("list_layers", {**row, "limit": limit, "after": after})

    async def policy(self, reference: LayerReference) -> StoredPolicy | None:
        """The policy of a layer version that is there, or None."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["get_policy"], _key(reference)).fetchone()
        )
        return None if found is None else _policy(found)

    async def change_policy(
        self, reference: LayerReference, change: Callable[[StoredPolicy | None], Policy | None]
    ) -> str | None:
        """Have `change` make a new policy of the old one; returns its revision, None where it made none.

        What `change` raises undoes all. Raises KeyError where there is no such layer version.
        """

        def work(connection: Connection) -> str | None:
            found = connection.execute(SQL["get_policy"], _key(reference)).fetchone()
            if found is None:
                raise KeyError(reference.arn)
            policy = change(_policy(found))
            revision_id = None if policy is None else str(uuid.uuid4())
            row = {"policy": None if policy is None else policy.text, "revision_id": revision_id}
            connection.execute(SQL["set_policy"], {**_key(reference), **row})
            return revision_id

        return await self._database.write(work)

    async def contents(self, arns: Sequence[str]) -> tuple[str, ...]:
        """The hexadecimal digests of layer versions that a function has, deleted or not.

        Raises KeyError for one that was never there.
        """
        return await self._database.read(lambda connection: _contents(connection, arns))

    async def referenced_content(self) -> frozenset[str]:
        """The digests of every layer version that is there or that a function has."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["all_content"]).fetchall()
        )
        return frozenset(row[0] for row in found)

    async def combinations(self) -> list[tuple[str, ...]]:
        """The digests of the layers of functions, each combination once."""
        return await self._database.read(
            lambda connection: [_contents(connection, arns) for arns in _used(connection)]
        )

    async def forget_deleted(self, before: float) -> None:
        """Remove what was deleted before that time (seconds since the epoch) and no function version has."""

        def work(connection: Connection) -> None:
            used = {arn for arns in _used(connection) for arn in arns}
            for account, region, name, number in connection.execute(SQL["deleted"], {"before": before}):
                reference = LayerKey(account, region, name).version(number)
                if reference.arn not in used:
                    connection.execute(SQL["forget"], _key(reference))

        await self._database.write(work)

    async def _list(self, query: str, row: dict[str, Any]) -> list[LayerVersion]:
        found = await self._database.read(lambda connection: connection.execute(SQL[query], row).fetchall())
        return [_version(one) for one in found]


def _used(connection: Connection) -> list[list[str]]:
    found = connection.execute(SQL["combinations"]).fetchall()
    return [[layer["Arn"] for layer in json.loads(row[0])] for row in found]


def _contents(connection: Connection, arns: Sequence[str]) -> tuple[str, ...]:
    digests: list[str] = []
    for arn in arns:
        reference = parse_layer_version_arn(arn)
        found = reference and connection.execute(SQL["content"], _key(reference)).fetchone()
        if not found:
            raise KeyError(arn)
        digests.append(found[0])
    return tuple(digests)


def _key(reference: LayerReference) -> dict[str, Any]:
    return {**reference.layer._asdict(), "number": reference.number}


def _row(version: LayerVersion) -> dict[str, Any]:
    return {
        **_key(version.reference),
        "code_sha256": version.code.sha256,
        "code_size": version.code.size,
        "document": json.dumps(version.document(), separators=(",", ":")),
    }


def _version(row: tuple[Any, ...]) -> LayerVersion:
    account, region, name, sha256, size, document = row
    return LayerVersion.of(LayerKey(account, region, name), Code(sha256, size), json.loads(document))


def _policy(row: tuple[Any, ...]) -> StoredPolicy | None:
    text, revision_id = row
    return None if text is None else StoredPolicy(Policy.of(text), revision_id)
