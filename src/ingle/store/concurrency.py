"""Concurrency that is set: reserved, provisioned, and environments on one's own instances.

What an account may reserve depends on what its other functions have, so AWS's rules are looked at in the
transaction that changes something: two clients cannot reserve the same concurrency.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingle.model.concurrency import FunctionScaling, Provisioned, ProvisionedStatus
from ingle.model.errors import InvalidParameterValue, ResourceConflict
from ingle.model.names import FunctionKey, is_version_number
from ingle.model.quotas import AccountLimits
from ingle.store.database import Connection, Database
from ingle.store.numbers import to_number, to_version
from ingle.store.sql import queries

SQL = queries("concurrency")


@dataclass(frozen=True)
class ProvisionedPage:
    """A part of a list; `next` is the qualifier after which it goes on, or None at the end."""

    configs: tuple[Provisioned, ...]
    next: str | None


class Concurrency:
    """The concurrency settings of every function of this database. `limits` are those of each account."""

    def __init__(self, database: Database, limits: AccountLimits) -> None:
        self._database = database
        self._limits = limits

    async def reserve(self, key: FunctionKey, reserved: int | None) -> bool:
        """Set (with None: remove) the reserved concurrency of a function; whether there is such a function.

        Raises InvalidParameterValue where too little would be left to other functions, or less be reserved
        than is provisioned.
        """
        row = {**key._asdict(), "reserved": reserved}

        def work(connection: Connection) -> bool:
            if not connection.execute(SQL["reserve"], row).rowcount:
                return False
            if reserved is not None:
                self._require_unreserved(connection, key, "ReservedConcurrentExecutions")
                _require_provisioned_fits(connection, key, reserved)
            return True

        return await self._database.write(work)

    async def all_reserved(self) -> list[tuple[FunctionKey, int]]:
        """Every function that has reserved concurrency."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["all_reserved"]).fetchall()
        )
        return [(FunctionKey(*row[:3]), row[3]) for row in found]

    async def unreserved(self, account: str, region: str) -> int:
        """What is left to functions that have no concurrency of their own."""
        return await self._database.read(lambda connection: self._unreserved(connection, account, region))

    async def provision(
        self, key: FunctionKey, qualifier: str, requested: int, last_modified: str
    ) -> Provisioned | None:
        """Set the provisioned concurrency of a version or an alias; None where there is no such one.

        Raises InvalidParameterValue where the account or the function's reserved concurrency has no room or
        an alias leads to `$LATEST`, ResourceConflict where a version has it and an alias of it as well.
        """
        alias, number = (None, to_number(qualifier)) if is_version_number(qualifier) else (qualifier, None)
        row = {
            **key._asdict(),
            "qualifier": qualifier if number is None else to_version(number),
            "alias": alias,
            "number": number,
            "requested": requested,
            "last_modified": last_modified,
        }

        def work(connection: Connection) -> Provisioned | None:
            version = _version_of(connection, row)
            if version is None:
                return None
            _require_one_owner(connection, row, version)
            connection.execute(SQL["put_provisioned"], row)
            self._require_room(connection, key, requested)
            return _provisioned(connection.execute(SQL["get_provisioned"], row).fetchone())

        return await self._database.write(work)

    async def provisioned(self, key: FunctionKey, qualifier: str) -> Provisioned | None:
        """What is provisioned for a version or an alias, or None."""
        row = {**key._asdict(), "qualifier": _plain(qualifier)}
        found = await self._database.read(
            lambda connection: connection.execute(SQL["get_provisioned"], row).fetchone()
        )
        return None if found is None else _provisioned(found)

    async def page(self, key: FunctionKey, *, limit: int, after: str | None = None) -> ProvisionedPage | None:
        """What a function has provisioned: at most `limit`, after `after`; None without such a function."""
        # One more than is shown tells whether there is more.
        row = {**key._asdict(), "after": after or "", "limit": limit + 1}

        def work(connection: Connection) -> list[Any] | None:
            if _function(connection, key) is None:
                return None
            return connection.execute(SQL["list_provisioned"], row).fetchall()

        found = await self._database.read(work)
        if found is None:
            return None
        shown = tuple(_provisioned(one) for one in found[:limit])
        return ProvisionedPage(shown, shown[-1].qualifier if len(found) > limit else None)

    async def unprovision(self, key: FunctionKey, qualifier: str) -> None:
        """Remove what is provisioned for a version or an alias; nothing is no error."""
        row = {**key._asdict(), "qualifier": _plain(qualifier)}
        await self._database.write(
            lambda connection: connection.execute(SQL["delete_provisioned"], row) and None
        )

    async def settle(self) -> None:
        """End every allocation that is in progress."""
        await self._database.write(lambda connection: connection.execute(SQL["settle_provisioned"]) and None)

    async def put_scaling(self, key: FunctionKey, version: str, scaling: FunctionScaling) -> None:
        """Set how many environments an existing version may have."""
        row = {
            **key._asdict(),
            "number": to_number(version),
            "minimum": scaling.min_execution_environments,
            "maximum": scaling.max_execution_environments,
        }
        await self._database.write(lambda connection: connection.execute(SQL["put_scaling"], row) and None)

    async def scaling(self, key: FunctionKey, version: str) -> FunctionScaling:
        """How many environments a version may have."""
        row = {**key._asdict(), "number": to_number(version)}
        found = await self._database.read(
            lambda connection: connection.execute(SQL["get_scaling"], row).fetchone()
        )
        return FunctionScaling() if found is None else FunctionScaling(*found)

    def _unreserved(self, connection: Connection, account: str, region: str) -> int:
        row = {"account": account, "region": region}
        taken: int = connection.execute(SQL["taken"], row).fetchone()[0]
        return self._limits.concurrent_executions - taken

    def _require_unreserved(self, connection: Connection, key: FunctionKey, what: str) -> None:
        minimum = self._limits.unreserved_floor
        if self._unreserved(connection, key.account, key.region) < minimum:
            raise InvalidParameterValue(
                f"Specified {what} for function decreases account's UnreservedConcurrentExecution below its "
                f"minimum value of [{minimum}]."
            )

    def _require_room(self, connection: Connection, key: FunctionKey, requested: int) -> None:
        """Refuse provisioned concurrency that was just stored and for which there is no room."""
        (reserved,) = _function(connection, key) or (None,)
        if reserved is not None:
            if _provisioned_sum(connection, key) > reserved:
                raise InvalidParameterValue(
                    "Requested Provisioned Concurrency should not be greater than the "
                    "reservedConcurrentExecution for function"
                )
            return
        if requested > self._limits.concurrent_executions:
            raise InvalidParameterValue(
                "Specified ConcurrentExecutions for function is greater than account's unreserved "
                f"concurrency [{self._limits.concurrent_executions}]."
            )
        self._require_unreserved(connection, key, "ConcurrentExecutions")


def move_provisioned(connection: Connection, key: FunctionKey, alias: str, number: int) -> None:
    """An alias leads to another version from now on: what is provisioned for it, if anything, moves along.

    Raises InvalidParameterValue for `$LATEST`, ResourceConflict for a version that has its own.
    """
    row = {**key._asdict(), "qualifier": alias, "alias": alias, "number": None}
    if connection.execute(SQL["reallocate"], row).rowcount:
        _require_one_owner(connection, row, number)


def _function(connection: Connection, key: FunctionKey) -> tuple[int | None] | None:
    found: tuple[int | None] | None = connection.execute(SQL["get_function"], key._asdict()).fetchone()
    return found


def _provisioned_sum(connection: Connection, key: FunctionKey) -> int:
    total: int = connection.execute(SQL["provisioned_of_function"], key._asdict()).fetchone()[0]
    return total


def _require_provisioned_fits(connection: Connection, key: FunctionKey, reserved: int) -> None:
    provisioned = _provisioned_sum(connection, key)
    if provisioned > reserved:
        raise InvalidParameterValue(  # the blanks are AWS's own
            f" ReservedConcurrentExecutions  {reserved} should not be lower than function's total "
            f"provisioned concurrency [{provisioned}]."
        )


def _version_of(connection: Connection, row: dict[str, Any]) -> int | None:
    """The number of the version that a qualifier leads to, if there is one."""
    if row["alias"] is None:
        exists = connection.execute(SQL["version_exists"], row).fetchone() is not None
        return row["number"] if exists else None
    found = connection.execute(SQL["alias_version"], row).fetchone()
    return None if found is None else found[0]


def _require_one_owner(connection: Connection, row: dict[str, Any], version: int) -> None:
    """A version's environments are provisioned for itself or for an alias of it, not for both."""
    if version == 0:
        raise InvalidParameterValue(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    of_version = {**row, "number": version, "qualifier": to_version(version)}
    if row["alias"] is None:
        if connection.execute(SQL["aliases_provisioned"], of_version).fetchone() is not None:
            raise ResourceConflict("Version is pointed by a Provisioned Concurrency alias")
    elif connection.execute(SQL["get_provisioned"], of_version).fetchone() is not None:
        raise ResourceConflict(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )


def _plain(qualifier: str) -> str:
    return to_version(to_number(qualifier)) if is_version_number(qualifier) else qualifier


def _provisioned(row: tuple[Any, ...]) -> Provisioned:
    account, region, name, qualifier, requested, allocated, available, status, reason, modified = row
    key = FunctionKey(account, region, name)
    return Provisioned(
        key, qualifier, requested, allocated, available, ProvisionedStatus(status), reason, modified
    )
