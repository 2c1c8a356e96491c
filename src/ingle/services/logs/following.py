"""Who follows groups while events come in: live tails.

A follower's room is bounded: what does not fit is left out, and the follower is told that it was.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from ingle.store.logevents import Events
from ingle.store.loggroups import LogGroupKey

_ROOM = 5_000  # events


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that has just come. Times are milliseconds since the epoch."""

    group: LogGroupKey
    stream: str
    at: int
    message: str
    ingested_at: int


class Follower:
    """One who follows: what is `wanted` gathers here until it is taken."""

    def __init__(self, wanted: Callable[[Arrival], bool]) -> None:
        self._wanted = wanted
        self._arrivals: deque[Arrival] = deque()
        self._missed = False

    def came(self, arrival: Arrival) -> None:
        if not self._wanted(arrival):
            return
        if len(self._arrivals) >= _ROOM:
            self._missed = True
            return
        self._arrivals.append(arrival)

    def take(self, most: int) -> tuple[list[Arrival], bool]:
        """Up to `most` of what has come, the rest being dropped; and whether anything was left out."""
        missed = self._missed or len(self._arrivals) > most
        taken = [self._arrivals.popleft() for _ in range(min(most, len(self._arrivals)))]
        self._arrivals.clear()
        self._missed = False
        return taken, missed


class Followers:
    """All followers, by group. Used on the event loop only."""

    def __init__(self) -> None:
        self._of: dict[LogGroupKey, set[Follower]] = defaultdict(set)

    def add(self, groups: list[LogGroupKey], follower: Follower) -> None:
        for group in groups:
            self._of[group].add(follower)

    def remove(self, groups: list[LogGroupKey], follower: Follower) -> None:
        for group in groups:
            self._of[group].discard(follower)
            if not self._of[group]:
                del self._of[group]

    def __len__(self) -> int:
        return len(set().union(*self._of.values()))

    def came(self, group: LogGroupKey, stream: str, events: Events, now: int) -> None:
        """Events were put into a stream."""
        if group not in self._of:  # nearly always: it costs a function's log nothing
            return
        for at, message in events:
            arrival = Arrival(group, stream, at, message, now)
            for follower in self._of[group]:
                follower.came(arrival)
