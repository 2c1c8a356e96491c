"""What goes into a queue's repository and comes out of it. Times are milliseconds since the epoch."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class StaleBacklog(Exception):
    """The queue was purged or deleted since it was looked up: look it up again."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be stored. `delay`: milliseconds. `attributes`: JSON, given back as it is.

    `group` and `token` (MessageDeduplicationId) are a FIFO queue's; `scope` is where the token counts.
    """

    body: str
    attributes: str
    delay: int = 0
    group: str | None = None
    token: str | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """`id` is the message's place in the order of sending. A duplicate has those of the first."""

    id: int
    message_id: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Where messages go that were received `max_receives` times, and what for (ARN of their queue)."""

    backlog: int
    max_receives: int
    source: str


@dataclass(frozen=True, slots=True)
class Reception:
    """What is wanted. `visibility`: milliseconds; `sent_after`: older messages have expired."""

    limit: int
    visibility: int
    sent_after: int
    in_flight_limit: int
    dead_letters: DeadLetters | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A received message; `receives` counts this time as well."""

    id: int
    message_id: str
    receives: int
    sent_at: int
    first_received_at: int
    source: str | None
    body: str
    attributes: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """`next_visible_at`: when, as things stand, the next message becomes visible; asked where there is none
    now. `dead`: how many went to the dead-letter queue. `over_limit`: too many are in flight."""

    messages: tuple[Message, ...]
    next_visible_at: int | None = None
    dead: int = 0
    over_limit: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receive of one message: `receives` tells it from the others."""

    id: int
    receives: int


class Outcome(enum.Enum):
    """What became of a deletion or a change of visibility."""

    DONE = "done"
    GONE = "gone"  # there is no such message any more
    STALE = "stale"  # it was received again since
    EXPIRED = "expired"  # it is visible again
    TOO_LONG = "too long"  # more than the total that a message may be invisible


@dataclass(frozen=True, slots=True)
class Counts:
    """A queue's messages; `visible` includes those that wait behind others of their group."""

    visible: int
    in_flight: int
    delayed: int
