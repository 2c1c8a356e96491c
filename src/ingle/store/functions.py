"""Functions and their versions: the repository of the tables `function` and `function_version`.

Every change names the RevisionId that it is based on, so that of two clients that change one function at
once only one succeeds. Who watches (`on_change`) is told after the commit and before the caller is.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingle.model.errors import CodeStorageExceeded, PreconditionFailed, ResourceConflict
from ingle.model.function import FunctionConfiguration, FunctionVersion
from ingle.model.names import LATEST, FunctionKey, is_version_number
from ingle.model.publication import content, snapshot
from ingle.store.codesigning import assign
from ingle.store.database import Connection, Database
from ingle.store.numbers import to_number
from ingle.store.sql import queries

SQL = queries("functions")


@dataclass(frozen=True)
class Usage:
    """What an account has in a region: functions, and bytes of packages of all their versions and layers."""

    function_count: int
    total_code_size: int


@dataclass(frozen=True)
class Page:
    """A part of a list; `next` is the position after it, or None at the end."""

    versions: tuple[FunctionVersion, ...]
    next: tuple[str, int] | None


class Functions:
    """The functions of every account and region of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: list[Callable[[FunctionKey], None]] = []
        self._deletion_watchers: list[Callable[[FunctionKey], None]] = []

    def on_change(self, watcher: Callable[[FunctionKey], None]) -> None:
        """Call `watcher` on the event loop whenever a function, a version or an alias changed or went."""
        self._watchers.append(watcher)

    def on_delete(self, watcher: Callable[[FunctionKey], None]) -> None:
        """Call `watcher` on the event loop whenever a function is gone with all that belonged to it."""
        self._deletion_watchers.append(watcher)

    def changed(self, key: FunctionKey) -> None:
        """Tell who watches; for the repositories of what belongs to a function and decides what runs."""
        for watcher in self._watchers:
            watcher(key)

    async def create(
        self,
        function: FunctionVersion,
        tags: Mapping[str, str],
        *,
        total_code_size: int,
        publish: bool = False,
        code_signing_config_arn: str | None = None,
    ) -> FunctionVersion:
        """Add a function with its `$LATEST`, and with its first version if `publish`; returns the newest.

        total_code_size: bytes of code that the account may have, this one included. Raises ResourceConflict
        where the name is taken, CodeStorageExceeded where the account has no room, CodeSigningConfigNotFound.
        """

        def work(connection: Connection) -> FunctionVersion:
            row = {**_key(function.key), "tags": json.dumps(dict(tags))}
            if not connection.execute(SQL["insert_function"], row).rowcount:
                raise ResourceConflict(f"Function already exist: {function.key.name}")
            _insert(connection, function)
            if code_signing_config_arn is not None:
                assign(connection, function.key, code_signing_config_arn)
            newest = _publish(connection, function) if publish else function
            check_room(connection, function.key.account, function.key.region, total_code_size)
            return newest

        created = await self._database.write(work)
        self.changed(function.key)
        return created

    async def update(
        self,
        function: FunctionVersion,
        expected_revision_id: str,
        *,
        total_code_size: int,
        publish: bool = False,
    ) -> FunctionVersion:
        """Replace a version by `function`, and publish it if asked; returns the newest of the two.

        Raises PreconditionFailed where the stored revision is not `expected_revision_id` any more (or the
        version is gone), CodeStorageExceeded as `create`.
        """

        def work(connection: Connection) -> FunctionVersion:
            _update(connection, function, expected_revision_id)
            newest = _publish(connection, function) if publish else function
            check_room(connection, function.key.account, function.key.region, total_code_size)
            return newest

        updated = await self._database.write(work)
        self.changed(function.key)
        return updated

    async def publish(
        self, latest: FunctionVersion, description: str | None, *, total_code_size: int
    ) -> FunctionVersion:
        """Publish `latest`, a `$LATEST` as it was read; returns the new version, or the newest there is where
        nothing was changed since. Raises PreconditionFailed where `latest` is not what is stored any more,
        CodeStorageExceeded as `create`.
        """

        def work(connection: Connection) -> FunctionVersion:
            stored = connection.execute(SQL["get_version"], {**_key(latest.key), "number": 0}).fetchone()
            expected = latest.configuration.revision_id
            if stored is None or _version(stored).configuration.revision_id != expected:
                raise revision_mismatch()
            newest = _publish(connection, latest, description)
            check_room(connection, latest.key.account, latest.key.region, total_code_size)
            return newest

        published = await self._database.write(work)
        self.changed(latest.key)
        return published

    async def settle(self, changes: list[tuple[FunctionVersion, str]]) -> None:
        """Store versions whose creation or update ended, each with the revision that it was based on.

        One that was deleted or changed meanwhile is passed over.
        """

        def work(connection: Connection) -> list[FunctionKey]:
            return [
                version.key
                for version, expected in changes
                if connection.execute(SQL["update_version"], _row(version, expected)).rowcount
            ]

        for key in dict.fromkeys(await self._database.write(work)):
            self.changed(key)

    async def delete(self, key: FunctionKey) -> bool:
        """Remove a function with all that belongs to it; whether there was one."""
        gone = await self._database.write(
            lambda connection: connection.execute(SQL["delete_function"], _key(key)).rowcount > 0
        )
        self.changed(key)
        if gone:
            for watcher in self._deletion_watchers:
                watcher(key)
        return gone

    async def delete_version(self, key: FunctionKey, version: str) -> bool:
        """Remove a published version; whether there was one. Raises ResourceConflict if aliases name it."""
        row = {**_key(key), "number": to_number(version)}

        def work(connection: Connection) -> bool:
            if aliases := [found[0] for found in connection.execute(SQL["aliases_of_version"], row)]:
                raise ResourceConflict(
                    "Unable to delete version because the following aliases reference it: "
                    f"[{', '.join(aliases)}]"
                )
            return connection.execute(SQL["delete_version"], row).rowcount > 0

        gone = await self._database.write(work)
        self.changed(key)
        return gone

    async def get(self, key: FunctionKey, qualifier: str = LATEST) -> FunctionVersion | None:
        """The version that `$LATEST`, a number or an alias names (an alias: its first version), or None."""
        if qualifier == LATEST or is_version_number(qualifier):
            query, row = "get_version", {**_key(key), "number": to_number(qualifier)}
        else:
            query, row = "get_version_of_alias", {**_key(key), "alias": qualifier}
        found = await self._database.read(lambda connection: connection.execute(SQL[query], row).fetchone())
        return None if found is None else _version(found)

    async def tags(self, key: FunctionKey) -> dict[str, str] | None:
        """A function's tags, or None where there is no such function."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["get_tags"], _key(key)).fetchone()
        )
        return None if found is None else json.loads(found[0])

    async def reserved_concurrency(self, key: FunctionKey) -> int | None:
        """A function's reserved concurrency, if there is such a function and it has some."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["get_reserved_concurrency"], _key(key)).fetchone()
        )
        return None if found is None else found[0]

    async def page(
        self,
        account: str,
        region: str,
        *,
        limit: int,
        after: tuple[str, int] | None = None,
        all_versions: bool,
    ) -> Page:
        """`$LATEST` of each function by name, or every version of each: at most `limit`, after `after`."""
        name, number = after or ("", -1)
        parameters = {"account": account, "region": region, "after_name": name, "after_number": number}
        return await self._page("list_all_versions" if all_versions else "list_latest", parameters, limit)

    async def versions(self, key: FunctionKey, *, limit: int, after: tuple[str, int] | None = None) -> Page:
        """The versions of one function, `$LATEST` first: at most `limit`, after `after`."""
        _, number = after or ("", -1)
        return await self._page("list_versions", {**_key(key), "after_number": number}, limit)

    async def unsettled(self, limit: int) -> list[FunctionVersion]:
        """Versions whose creation or update has not ended."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_unsettled"], {"limit": limit}).fetchall()
        )
        return [_version(row) for row in found]

    async def usage(self, account: str, region: str) -> Usage:
        """How much an account has in a region."""
        return await self._database.read(lambda connection: _usage(connection, account, region))

    async def referenced_code(self) -> frozenset[str]:
        """The hexadecimal digests of every package that any version refers to."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["referenced_code"]).fetchall()
        )
        return frozenset(row[0] for row in found)

    async def _page(self, query: str, parameters: dict[str, Any], limit: int) -> Page:
        row = {**parameters, "limit": limit + 1}  # one more tells whether there is more
        found = await self._database.read(lambda connection: connection.execute(SQL[query], row).fetchall())
        shown = found[:limit]
        following = (shown[-1][2], shown[-1][3]) if len(found) > limit else None
        return Page(tuple(_version((*r[:3], r[4])) for r in shown), following)


def _insert(connection: Connection, version: FunctionVersion, origin: str | None = None) -> None:
    connection.execute(SQL["insert_version"], {**_row(version), "origin": origin})


def _update(connection: Connection, version: FunctionVersion, expected_revision_id: str) -> None:
    if not connection.execute(SQL["update_version"], _row(version, expected_revision_id)).rowcount:
        raise revision_mismatch()


def revision_mismatch() -> PreconditionFailed:
    """AWS's answer to a RevisionId that is not the stored one."""
    return PreconditionFailed(
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    )


def _publish(
    connection: Connection, latest: FunctionVersion, description: str | None = None
) -> FunctionVersion:
    """Keep `latest`, as it is stored, under the next number, which no version of this name ever had;
    unchanged since the last publication, it is that version already."""
    key, origin = _key(latest.key), content(latest.configuration)
    newest = connection.execute(SQL["newest_published"], key).fetchone()
    if newest is not None and newest[4] == origin:
        return _version(newest[:4])
    number = connection.execute(SQL["next_number"], key).fetchone()[0]
    kept = snapshot(latest.configuration, number, str(uuid.uuid4()), description)
    published = FunctionVersion(latest.key, kept)
    _insert(connection, published, origin)
    # A publication is a change of $LATEST as well: AWS gives it another revision.
    renewed = replace(latest.configuration, revision_id=str(uuid.uuid4()))
    _update(connection, replace(latest, configuration=renewed), latest.configuration.revision_id)
    return published


def check_room(connection: Connection, account: str, region: str, total_code_size: int) -> None:
    """Refuse what was just stored where an account has more code than it may. Raises CodeStorageExceeded."""
    if _usage(connection, account, region).total_code_size > total_code_size:
        raise CodeStorageExceeded("Code storage limit exceeded.")


def _usage(connection: Connection, account: str, region: str) -> Usage:
    row = {"account": account, "region": region}
    count, size = connection.execute(SQL["usage"], row).fetchone()
    return Usage(count, size + connection.execute(SQL["usage_of_layers"], row).fetchone()[0])


def _key(key: FunctionKey) -> dict[str, Any]:
    return key._asdict()


def _row(version: FunctionVersion, expected_revision_id: str | None = None) -> dict[str, Any]:
    configuration = version.configuration
    return {
        **_key(version.key),
        "number": to_number(version.version),
        "revision_id": configuration.revision_id,
        "expected_revision_id": expected_revision_id,
        "code_sha256": version.code_sha256,
        "code_size": configuration.code_size,
        "state": configuration.state,
        "last_update_status": configuration.last_update_status,
        "configuration": json.dumps(configuration.document(), separators=(",", ":")),
    }


def _version(row: tuple[Any, ...] | sqlite3.Row) -> FunctionVersion:
    account, region, name, configuration = row
    return FunctionVersion(
        FunctionKey(account, region, name), FunctionConfiguration.of(json.loads(configuration))
    )
