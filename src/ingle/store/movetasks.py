"""Tasks that move messages out of dead-letter queues: the repository of the table `move_task`.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingle.store.database import Connection, Database
from ingle.store.messagerows import SQL as MESSAGES
from ingle.store.messagerows import Moved, count, move, renew_group, visible_head
from ingle.store.sql import queries

SQL = queries("queues")


class MoveStatus(enum.StrEnum):
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class MoveTask:
    """`source` and `destination` are ARNs; no destination means where each message came from. `rate`:
    messages a second, None for as fast as AWS likes. `started_at`: milliseconds since the epoch."""

    id: str
    source: str
    destination: str | None
    rate: int | None
    to_move: int
    moved: int
    status: MoveStatus
    failure: str | None
    started_at: int


@dataclass(frozen=True, slots=True)
class MovedBatch:
    """`targets`: the backlogs that got something. `unknown`: the source (ARN) of the first message that had
    nowhere to go, "" where it has none; it stayed."""

    moved: int
    targets: frozenset[int] = frozenset()
    unknown: str | None = None


class MoveTasks:
    """The move tasks of every account and region."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, task: MoveTask) -> bool:
        """Store a task that runs; False where one runs already for its source."""
        row = {
            "id": task.id,
            "source": task.source,
            "destination": task.destination,
            "rate": task.rate,
            "to_move": task.to_move,
            "started_at": task.started_at,
        }
        return await self._database.write(
            lambda connection: connection.execute(SQL["insert_task"], row).rowcount > 0
        )

    async def get(self, id: str) -> MoveTask | None:
        found = await self._database.read(
            lambda connection: connection.execute(SQL["get_task"], {"id": id}).fetchone()
        )
        return None if found is None else _task(found)

    async def of_source(self, source: str, limit: int) -> list[MoveTask]:
        """Tasks for a source, the newest first."""
        row = {"source": source, "limit": limit}
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_tasks"], row).fetchall()
        )
        return [_task(columns) for columns in found]

    async def active(self) -> list[MoveTask]:
        """Tasks that have not ended: after a restart they go on."""
        found = await self._database.read(
            lambda connection: connection.execute(SQL["list_active_tasks"]).fetchall()
        )
        return [_task(columns) for columns in found]

    async def progress(self, id: str, moved: int, status: MoveStatus, failure: str | None = None) -> None:
        """Add to what a task has moved, and say how it stands."""
        row = {"id": id, "moved": moved, "status": status.value, "failure": failure}
        await self._database.write(lambda connection: connection.execute(SQL["progress_task"], row) and None)

    async def cancel(self, id: str) -> bool:
        """Have a running task end; False where it does not run."""
        return await self._database.write(
            lambda connection: connection.execute(SQL["cancel_task"], {"id": id}).rowcount > 0
        )

    async def move(
        self, source: int, fifo: bool, targets: Mapping[str, int] | int, limit: int, now: int
    ) -> MovedBatch:
        """Move visible messages out of the backlog `source`: all into one, or each by the ARN of its source.

        A moved message is a new one, with an id and an age of its own. Raises StaleBacklog.
        """

        def work(connection: Connection) -> MovedBatch:
            found = _candidates(connection, source, fifo, limit, now)
            counted: dict[int, int] = {}
            unknown = None
            for id, origin, group in found:
                target = targets if isinstance(targets, int) else targets.get(origin or "")
                if target is None:
                    unknown = origin or ""
                    break
                move(connection, Moved(id, str(uuid.uuid4()), 0, now, None, group), target, now)
                renew_group(connection, source, group)
                counted[target] = counted.get(target, 0) + 1
            for target, moved in counted.items():
                count(connection, target, moved)
            total = sum(counted.values())
            if total:
                count(connection, source, -total)
            return MovedBatch(total, frozenset(counted), unknown)

        return await self._database.write(work)


def _candidates(
    connection: Connection, backlog: int, fifo: bool, limit: int, now: int
) -> list[tuple[int, str | None, str | None]]:
    """Visible messages: id, the ARN they came from, group."""
    row = {"backlog": backlog, "now": now, "limit": limit}
    if not fifo:
        rows = connection.execute(MESSAGES["visible"], row).fetchall()
    else:
        rows = []
        for (name,) in connection.execute(MESSAGES["visible_groups"], row).fetchall():
            head = connection.execute(
                MESSAGES["head_of_group"], {"backlog": backlog, "name": name, "limit": limit - len(rows)}
            )
            rows += visible_head(head.fetchall(), now)
    return [(found[0], found[5], found[8]) for found in rows]


def _task(row: Any) -> MoveTask:
    id, source, destination, rate, to_move, moved, status, failure, started_at = row
    return MoveTask(id, source, destination, rate, to_move, moved, MoveStatus(status), failure, started_at)
