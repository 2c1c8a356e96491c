"""Messages of queues: the repository of the tables `message`, `message_group` and `deduplication`.

Everything is one transaction, durable before it is answered, and costs the same at any depth: each query
goes down one index. A message is visible when its `visible_at` has come; a receive moves that on, and nothing
has to happen when a visibility timeout ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from ingle.store.database import Connection, Database
from ingle.store.message import Counts, NewMessage, Outcome, Receipt, Received, Reception, Sent, StaleBacklog
from ingle.store.messagerows import SQL, count, discard, remove, renew_group
from ingle.store.reception import Receive

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
DEDUPLICATION_MS = 300_000


class Messages:
    """The messages of every queue of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # At least so many messages are in flight, by backlog. Belongs to the writer's thread. Counting costs
        # what there is to count, so it is done when the limit could be reached and not before.
        self._in_flight_at_most: dict[int, int] = {}

    async def send(self, backlog: int, messages: Sequence[NewMessage], now: int) -> list[Sent]:
        """Store messages, in their order; what a FIFO queue had in the last five minutes is not stored again.

        Raises StaleBacklog.
        """

        def work(connection: Connection) -> list[Sent]:
            sent = [_send(connection, backlog, message, now) for message in messages]
            count(connection, backlog, sum(not one.duplicate for one in sent))
            return sent

        return await self._database.write(work)

    async def receive(self, backlog: int, fifo: bool, wanted: Reception, now: int) -> Received:
        """Take visible messages and hide them. Raises StaleBacklog."""

        def work(connection: Connection) -> Received:
            if connection.execute(SQL["in_use"], {"backlog": backlog}).fetchone() is None:
                raise StaleBacklog
            room = self._room(connection, backlog, wanted, now)
            if room <= 0:
                return Received((), over_limit=True)
            received = Receive(connection, backlog, fifo, wanted, now).take(min(room, wanted.limit))
            if wanted.visibility:
                self._in_flight_at_most[backlog] += len(received.messages)
            return received

        return await self._database.write(work)

    async def delete(self, backlog: int, fifo: bool, receipts: Sequence[Receipt], now: int) -> list[Outcome]:
        """Delete messages. A standard queue's goes even when it is visible again, unless it was received
        again; a FIFO queue's only while it is in flight."""

        def work(connection: Connection) -> list[Outcome]:
            outcomes = [_delete(connection, backlog, fifo, receipt, now) for receipt in receipts]
            if done := outcomes.count(Outcome.DONE):
                count(connection, backlog, -done)
            return outcomes

        return await self._database.write(work)

    async def change_visibility(
        self, backlog: int, changes: Sequence[tuple[Receipt, int]], total: int, now: int
    ) -> list[Outcome]:
        """Hide messages for so many milliseconds from now on, at most `total` since they were received."""

        def work(connection: Connection) -> list[Outcome]:
            if backlog in self._in_flight_at_most:
                self._in_flight_at_most[backlog] += len(changes)  # they may have been visible again
            return [
                _change_visibility(connection, backlog, receipt, visibility, total, now)
                for receipt, visibility in changes
            ]

        return await self._database.write(work)

    async def counts(self, backlog: int, now: int) -> Counts:
        """Exact at the moment `now`."""

        def work(connection: Connection) -> Counts:
            row = {"backlog": backlog, "now": now}
            (in_flight,) = connection.execute(SQL["in_flight"], row).fetchone()
            (delayed,) = connection.execute(SQL["delayed"], row).fetchone()
            total = connection.execute(SQL["total"], {"backlog": backlog}).fetchone()
            return Counts((total[0] if total else 0) - in_flight - delayed, in_flight, delayed)

        return await self._database.read(work)

    async def delay_again(self, backlog: int, delay: int, longest: int, now: int) -> None:
        """Let a FIFO queue's new delay hold for the messages that still wait for the old one (all in
        milliseconds; `longest`: how long a delay may be)."""

        def work(connection: Connection) -> None:
            row = {"backlog": backlog, "delay": delay, "since": now - longest}
            connection.execute(SQL["delay_again"], row)
            for (group,) in connection.execute(SQL["groups_since"], row).fetchall():
                renew_group(connection, backlog, group)

        await self._database.write(work)

    async def expire(self, backlog: int, before: int, limit: int) -> int:
        """Delete messages sent before; how many, at most `limit`: the sweep calls again."""

        def work(connection: Connection) -> int:
            row = {"backlog": backlog, "before": before, "limit": limit}
            found = connection.execute(SQL["expired"], row).fetchall()
            discard(connection, backlog, found)
            return len(found)

        if not await self._database.read(
            lambda connection: connection.execute(
                SQL["expired"], {"backlog": backlog, "before": before, "limit": 1}
            ).fetchall()
        ):
            return 0
        return await self._database.write(work)

    async def sweep(self, now: int, limit: int) -> bool:
        """Forget old deduplications and a part of an abandoned backlog; whether there is more to do."""
        return await self._database.write(lambda connection: self._sweep(connection, now, limit))

    def _room(self, connection: Connection, backlog: int, wanted: Reception, now: int) -> int:
        """How many more messages may be in flight."""
        at_most = self._in_flight_at_most.get(backlog)
        if at_most is None or at_most + wanted.limit > wanted.in_flight_limit:
            row = {"backlog": backlog, "now": now}
            (at_most,) = connection.execute(SQL["in_flight"], row).fetchone()
            self._in_flight_at_most[backlog] = at_most
        return wanted.in_flight_limit - at_most

    def _sweep(self, connection: Connection, now: int, limit: int) -> bool:
        row = {"before": now - DEDUPLICATION_MS, "limit": limit}
        forgotten = connection.execute(SQL["forget"], row).rowcount
        abandoned = connection.execute(SQL["abandoned"]).fetchone()
        if abandoned is None:
            return bool(forgotten == limit)
        backlog = {"backlog": abandoned[0], "limit": limit}
        found = connection.execute(SQL["of_backlog"], backlog).fetchall()
        remove(connection, (id for (id,) in found))
        if len(found) < limit:
            for query in ("delete_groups_of_backlog", "forget_backlog", "delete_backlog"):
                connection.execute(SQL[query], backlog)
            self._in_flight_at_most.pop(abandoned[0], None)
        return True


def _send(connection: Connection, backlog: int, message: NewMessage, now: int) -> Sent:
    token = {"backlog": backlog, "scope": message.scope, "token": message.token}
    if message.token is not None:
        since = {**token, "since": now - DEDUPLICATION_MS}
        first = connection.execute(SQL["duplicate"], since).fetchone()
        if first is not None:
            id, message_id = first
            return Sent(id, message_id, duplicate=True)
    visible_at, message_id = now + message.delay, str(uuid.uuid4())
    row = {
        "backlog": backlog,
        "visible_at": visible_at,
        "sent_at": now,
        "message_id": message_id,
        "message_group": message.group,
    }
    id = connection.execute(SQL["insert"], row).lastrowid or 0
    content = {"id": id, "body": message.body, "attributes": message.attributes}
    connection.execute(SQL["insert_content"], content)
    if message.group is not None:
        group = {"backlog": backlog, "name": message.group, "head": id, "visible_at": visible_at}
        connection.execute(SQL["add_to_group"], group)
    if message.token is not None:
        connection.execute(SQL["remember"], {**token, "sent_at": now, "id": id, "message_id": message_id})
    return Sent(id, message_id)


def _delete(connection: Connection, backlog: int, fifo: bool, receipt: Receipt, now: int) -> Outcome:
    found = connection.execute(SQL["get"], {"id": receipt.id, "backlog": backlog}).fetchone()
    if found is None:
        return Outcome.GONE
    receives, visible_at, _, group = found
    if fifo and (receives != receipt.receives or visible_at <= now):
        return Outcome.EXPIRED
    if receives != receipt.receives:
        return Outcome.STALE
    remove(connection, [receipt.id])
    renew_group(connection, backlog, group)
    return Outcome.DONE


def _change_visibility(
    connection: Connection, backlog: int, receipt: Receipt, visibility: int, total: int, now: int
) -> Outcome:
    found = connection.execute(SQL["get"], {"id": receipt.id, "backlog": backlog}).fetchone()
    if found is None:
        return Outcome.GONE
    receives, visible_at, received_at, group = found
    if receives != receipt.receives:
        return Outcome.STALE
    if group is not None and visible_at <= now:
        return Outcome.EXPIRED
    if now + visibility - received_at > total:
        return Outcome.TOO_LONG
    connection.execute(SQL["change_visibility"], {"id": receipt.id, "visible_at": now + visibility})
    renew_group(connection, backlog, group)
    return Outcome.DONE
