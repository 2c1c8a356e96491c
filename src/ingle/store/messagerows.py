"""The steps that transactions on messages are made of: remove, move, count, and keep the heads of groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ingle.store.database import Connection
from ingle.store.message import StaleBacklog
from ingle.store.sql import queries

SQL = queries("messages")


@dataclass(frozen=True, slots=True)
class Moved:
    """A message on its way to another queue, as it shall be there."""

    id: int
    message_id: str
    receives: int
    sent_at: int
    source: str | None
    group: str | None


def move(connection: Connection, message: Moved, target: int, now: int) -> None:
    """Put a message into the backlog `target`, at its end and visible; counting is the caller's."""
    row = {
        "id": message.id,
        "target": target,
        "now": now,
        "receives": message.receives,
        "sent_at": message.sent_at,
        "message_id": message.message_id,
        "message_group": message.group,
        "source": message.source,
    }
    new_id = connection.execute(SQL["move"], row).lastrowid
    connection.execute(SQL["move_content"], {"id": message.id, "new_id": new_id})
    connection.execute(SQL["delete"], row)
    if message.group is not None:
        group = {"backlog": target, "name": message.group, "head": new_id, "visible_at": now}
        connection.execute(SQL["add_to_group"], group)


def count(connection: Connection, backlog: int, change: int) -> None:
    """Keep the number of a backlog's messages. Raises StaleBacklog where it belongs to no queue any more."""
    if not connection.execute(SQL["count"], {"backlog": backlog, "change": change}).rowcount:
        raise StaleBacklog


def discard(connection: Connection, backlog: int, messages: Sequence[tuple[int, str | None]]) -> None:
    """Delete messages, given with their groups, and keep count."""
    if messages:
        remove(connection, (id for id, _ in messages))
        count(connection, backlog, -len(messages))
        for group in {group for _, group in messages if group is not None}:
            renew_group(connection, backlog, group)


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Delete messages with their content."""
    rows = [{"id": id} for id in ids]
    connection.executemany(SQL["delete"], rows)
    connection.executemany(SQL["delete_content"], rows)


def renew_group(connection: Connection, backlog: int, name: str | None) -> None:
    """Look which message is the group's head now."""
    if name is None:
        return
    row = {"backlog": backlog, "name": name}
    if not connection.execute(SQL["renew_group"], row).rowcount:
        connection.execute(SQL["delete_group"], row)


def visible_head(rows: list[Any], now: int) -> list[Any]:
    """Of a group's messages (rows of `head_of_group`) those before the first that is not visible."""
    head = []
    for row in rows:
        if row[9] > now:
            break
        head.append(row)
    return head
