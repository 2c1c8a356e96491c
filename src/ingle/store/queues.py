"""Queues: the repository of the table `queue`. What is in them is `ingle.store.messages`'s.

Queues are asked for with every message, so they are remembered until they change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ingle.model.names import partition
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("queues")
_REMEMBERED = 10_000  # queues; beyond that all are forgotten at once
_LAST_CHARACTER = "\U0010ffff"  # sorts behind every character of a name


class QueueKey(NamedTuple):
    """What identifies a queue."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:{partition(self.region)}:sqs:{self.region}:{self.account}:{self.name}"

    @staticmethod
    def of_arn(arn: str) -> QueueKey | None:
        """The queue that an ARN names, or None where it names something else."""
        parts = arn.split(":")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sqs" or not all(parts[1:]):
            return None
        return QueueKey(parts[4], parts[3], parts[5])


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. `backlog` is where its messages are; times are milliseconds since the epoch.

    `attributes` are those that a caller has set, by AWS's names. `by_group`: FIFO, and made with the
    DeduplicationScope messageGroup, which later changes do not touch.
    """

    key: QueueKey
    backlog: int
    fifo: bool
    by_group: bool
    created_at: int
    modified_at: int
    purged_at: int | None
    attributes: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What a queue shall have from now on."""

    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    dead_letter_target: str | None


class Queues:
    """The queues of every account and region. Used on the event loop only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[QueueKey, Queue] = {}

    async def get(self, key: QueueKey) -> Queue | None:
        """The queue, or None where there is none."""
        known = self._known.get(key)
        if known is not None:
            return known
        found = await self._database.read(lambda connection: _get(connection, key))
        if found is not None:
            self._remember(found)
        return found

    async def create(
        self, key: QueueKey, change: Change, now: int, *, fifo: bool, by_group: bool
    ) -> tuple[Queue, bool]:
        """Add a queue; where there is one of that name, it is returned as it is. The second says whether it
        is new."""

        def work(connection: Connection) -> tuple[Queue, bool]:
            existing = _get(connection, key)
            if existing is not None:
                return existing, False
            row = {**_row(key, change), "fifo": fifo, "by_group": by_group, "now": now}
            row["backlog"] = connection.execute(SQL["insert_backlog"]).lastrowid
            connection.execute(SQL["insert_queue"], row)
            return _require(_get(connection, key)), True

        queue, new = await self._database.write(work)
        self._remember(queue)
        return queue, new

    async def update(
        self, key: QueueKey, change: Callable[[Queue], Change], now: int | None = None
    ) -> Queue | None:
        """Change a queue by what `change` makes of it; None where there is none.

        `now` becomes LastModifiedTimestamp; None leaves it, as for tags. Where `change` raises, nothing
        changes.
        """

        def work(connection: Connection) -> Queue | None:
            queue = _get(connection, key)
            if queue is None:
                return None
            modified_at = queue.modified_at if now is None else now
            row = {**_row(key, change(queue)), "modified_at": modified_at}
            connection.execute(SQL["update_queue"], row)
            return _get(connection, key)

        updated = await self._database.write(work)
        self._known.pop(key, None)
        return updated

    async def purge(self, key: QueueKey, now: int, interval: int) -> bool | None:
        """Give the queue an empty backlog; None where there is no queue, False where it was purged less than
        `interval` milliseconds ago."""

        def work(connection: Connection) -> bool | None:
            queue = _get(connection, key)
            if queue is None:
                return None
            if queue.purged_at is not None and now - queue.purged_at < interval:
                return False
            connection.execute(SQL["abandon_backlog"], {"backlog": queue.backlog})
            backlog = connection.execute(SQL["insert_backlog"]).lastrowid
            connection.execute(SQL["replace_backlog"], {**key._asdict(), "backlog": backlog, "now": now})
            return True

        purged = await self._database.write(work)
        self._known.pop(key, None)
        return purged

    async def delete(self, key: QueueKey) -> bool:
        """Remove a queue with its messages; whether there was one."""

        def work(connection: Connection) -> bool:
            gone = connection.execute(SQL["delete_queue"], key._asdict()).fetchone()
            if gone is not None:
                connection.execute(SQL["abandon_backlog"], {"backlog": gone[0]})
            return gone is not None

        deleted = await self._database.write(work)
        self._known.pop(key, None)
        return deleted

    async def names(self, account: str, region: str, prefix: str, after: str, limit: int) -> list[str]:
        """Names of queues that begin with `prefix` and come after `after`, in their order."""
        row = {
            "account": account,
            "region": region,
            "after": after,
            "prefix": prefix,
            "prefix_end": prefix + _LAST_CHARACTER,
            "limit": limit,
        }
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_queues"], row).fetchall()
        )
        return [name for (name,) in found]

    async def sources(self, target: QueueKey, after: str, limit: int) -> list[QueueKey]:
        """Queues whose dead-letter queue is `target`, by name."""
        row = {"target": target.arn, "after": after, "limit": limit}
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_sources"], row).fetchall()
        )
        return [QueueKey(*columns) for columns in found]

    async def keys(self, after: QueueKey, limit: int) -> list[QueueKey]:
        """All queues of all accounts, a page at a time."""
        row = {**after._asdict(), "limit": limit}
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_keys"], row).fetchall()
        )
        return [QueueKey(*columns) for columns in found]

    def forget(self, key: QueueKey) -> None:
        """What is remembered of a queue turned out to be old."""
        self._known.pop(key, None)

    def _remember(self, queue: Queue) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[queue.key] = queue


def _get(connection: Connection, key: QueueKey) -> Queue | None:
    row = connection.execute(SQL["get_queue"], key._asdict()).fetchone()
    if row is None:
        return None
    account, region, name, backlog, fifo, by_group, created_at, modified_at, purged_at, attributes, tags = row
    return Queue(
        QueueKey(account, region, name),
        backlog,
        bool(fifo),
        bool(by_group),
        created_at,
        modified_at,
        purged_at,
        json.loads(attributes),
        json.loads(tags),
    )


def _require(queue: Queue | None) -> Queue:
    assert queue is not None, "a queue that was inserted a moment ago"
    return queue


def _row(key: QueueKey, change: Change) -> dict[str, Any]:
    return {
        **key._asdict(),
        "attributes": json.dumps(dict(change.attributes)),
        "tags": json.dumps(dict(change.tags)),
        "dead_letter_target": change.dead_letter_target,
    }
