"""One receive, inside its transaction: the next visible messages, hidden for a while.

In FIFO queues a group delivers from its head, up to its first message that is not visible. What has expired
is deleted on the way, and what was received too often goes to the dead-letter queue.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from __future__ import annotations

from typing import Any

from ingle.store.database import Connection
from ingle.store.message import Message, Received, Reception
from ingle.store.messagerows import SQL, Moved, count, discard, move, renew_group, visible_head

_DISCARDED_AT_ONCE = 1_000  # messages that a receive may put aside before it answers with less


class Receive:
    """One receive: candidates in their order, some of which are expired or dead."""

    def __init__(self, connection: Connection, backlog: int, fifo: bool, wanted: Reception, now: int) -> None:
        self._connection = connection
        self._backlog = backlog
        self._fifo = fifo
        self._wanted = wanted
        self._now = now
        self._taken: list[Message] = []
        self._dead = 0
        self._discarded = 0

    def take(self, limit: int) -> Received:
        while len(self._taken) < limit and self._discarded < _DISCARDED_AT_ONCE:
            left = limit - len(self._taken)
            if not (self._from_groups(left) if self._fifo else self._from_queue(left)):
                break
        next_visible_at = None if self._taken else self._next_visible_at()
        return Received(tuple(self._taken), next_visible_at, self._dead)

    def _from_queue(self, limit: int) -> bool:
        """Whether there was something that had to be put aside, so that there may be more."""
        row = {"backlog": self._backlog, "now": self._now, "limit": limit}
        found = self._connection.execute(SQL["visible"], row).fetchall()
        return self._sort_out(found)

    def _from_groups(self, limit: int) -> bool:
        row = {"backlog": self._backlog, "now": self._now, "limit": limit}
        put_aside = False
        for (name,) in self._connection.execute(SQL["visible_groups"], row).fetchall():
            left = limit - len(self._taken)
            if left <= 0:
                break
            group = {"backlog": self._backlog, "name": name, "limit": left}
            found = self._connection.execute(SQL["head_of_group"], group).fetchall()
            put_aside |= self._sort_out(visible_head(found, self._now))
            renew_group(self._connection, self._backlog, name)
        return put_aside

    def _sort_out(self, rows: list[Any]) -> bool:
        expired, dead = [], []
        for row in rows:
            id, _, receives, sent_at = row[:4]
            letters = self._wanted.dead_letters
            if sent_at <= self._wanted.sent_after:
                expired.append((id, row[8]))
            elif (
                letters is not None and receives >= letters.max_receives and letters.backlog != self._backlog
            ):
                dead.append(row)
            else:
                self._hide(row)
        discard(self._connection, self._backlog, expired)
        self._bury(dead)
        self._discarded += len(expired) + len(dead)
        return bool(expired or dead)

    def _hide(self, row: Any) -> None:
        id, message_id, receives, sent_at, first_received_at, source, body, attributes, group, _ = row
        hidden = {"id": id, "now": self._now, "visible_at": self._now + self._wanted.visibility}
        self._connection.execute(SQL["receive"], hidden)
        first = self._now if first_received_at is None else first_received_at
        self._taken.append(
            Message(id, message_id, receives + 1, sent_at, first, source, body, attributes, group)
        )

    def _bury(self, rows: list[Any]) -> None:
        letters = self._wanted.dead_letters
        if letters is None or not rows:
            return
        for id, message_id, receives, sent_at, _, _, _, _, group, _ in rows:
            # A FIFO queue counts retention anew in the dead-letter queue, a standard one from the sending.
            sent = self._now if self._fifo else sent_at
            moved = Moved(id, message_id, receives, sent, letters.source, group)
            move(self._connection, moved, letters.backlog, self._now)
        count(self._connection, self._backlog, -len(rows))
        count(self._connection, letters.backlog, len(rows))
        self._dead += len(rows)

    def _next_visible_at(self) -> int | None:
        query = SQL["next_visible_group" if self._fifo else "next_visible"]
        row = {"backlog": self._backlog, "now": self._now}
        found: tuple[int | None] = self._connection.execute(query, row).fetchone()
        return found[0]
