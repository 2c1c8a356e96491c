"""One receive, inside its transaction: the next visible messages, hidden for a while.

In FIFO queues a group delivers from its head, up to its first message that is not visible. What has expired
is deleted on the way, and what was received too often goes to the dead-letter queue.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingle.store.database import Connection
from ingle.store.message import Message, Received, Reception
from ingle.store.messagerows import SQL, Moved, count, discard, move, renew_group, visible_head

_PUT_ASIDE_AT_ONCE = 1_000  # expired and dead messages that a receive may meet before it answers with less


class Receive:
    """One receive. Nothing is hidden before it is settled who is delivered: a visibility timeout may be zero,
    and then what was hidden is visible at once."""

    def __init__(self, connection: Connection, backlog: int, fifo: bool, wanted: Reception, now: int) -> None:
        self._connection = connection
        self._backlog = backlog
        self._fifo = fifo
        self._wanted = wanted
        self._now = now
        self._taken: list[Message] = []
        self._dead = 0
        self._put_aside = 0

    def take(self, limit: int) -> Received:
        """At most `limit` messages."""
        if self._fifo:
            self._take_from_groups(limit)
        else:
            row = {"backlog": self._backlog, "now": self._now, "limit": limit}
            for found in self._deliverable(lambda: self._fetch("visible", row)):
                self._hide(found)
        next_visible_at = None if self._taken else self._next_visible_at()
        return Received(tuple(self._taken), next_visible_at, self._dead)

    def _take_from_groups(self, limit: int) -> None:
        """Group by group. One may have nothing but dead letters: then there is room for others."""
        done: set[str] = set()
        while len(self._taken) < limit:
            row = {"backlog": self._backlog, "now": self._now, "limit": limit + len(done)}
            names = [name for (name,) in self._fetch("visible_groups", row) if name not in done]
            if not names or self._put_aside >= _PUT_ASIDE_AT_ONCE:
                return
            for name in names:
                if len(self._taken) < limit:
                    self._take_from_group(name, limit - len(self._taken))
                done.add(name)

    def _take_from_group(self, name: str, limit: int) -> None:
        row = {"backlog": self._backlog, "name": name, "limit": limit}
        for found in self._deliverable(lambda: visible_head(self._fetch("head_of_group", row), self._now)):
            self._hide(found)
        renew_group(self._connection, self._backlog, name)

    def _deliverable(self, fetch: Callable[[], list[Any]]) -> list[Any]:
        """What `fetch` finds once all is put aside that is expired or dead; nothing, where it is too much."""
        while self._put_aside < _PUT_ASIDE_AT_ONCE:
            rows = fetch()
            expired = [row for row in rows if row[3] <= self._wanted.sent_after]
            dead = [row for row in rows if self._is_dead(row) and row not in expired]
            if not expired and not dead:
                return rows
            discard(self._connection, self._backlog, [(row[0], row[8]) for row in expired])
            self._bury(dead)
            self._put_aside += len(expired) + len(dead)
        return []

    def _is_dead(self, row: Any) -> bool:
        letters = self._wanted.dead_letters
        return letters is not None and row[2] >= letters.max_receives and letters.backlog != self._backlog

    def _fetch(self, query: str, row: dict[str, Any]) -> list[Any]:
        return self._connection.execute(SQL[query], row).fetchall()

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
