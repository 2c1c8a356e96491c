"""PutLogEvents, and the sink that functions' own logs come through.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ingle.model.clock import Clock
from ingle.services.logs.context import Answer, Context, Handlers
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.finding import Finder
from ingle.services.logs.following import Followers
from ingle.services.logs.streams import SEQUENCE_TOKEN
from ingle.store.logevents import EVENT_OVERHEAD, LogEvents
from ingle.store.loggroups import LogGroup, LogGroupKey
from ingle.store.logstreams import StreamKey
from ingle.telemetry.logs import Gathered

BATCH_BYTES = 1_048_576
EVENT_BYTES = 1_048_576
_HOUR = 3_600_000  # milliseconds, as all times here
DAY = 24 * _HOUR
_NEWEST = 2 * _HOUR
_OLDEST = 14 * DAY


class Putting:
    """The operation."""

    def __init__(self, events: LogEvents, finder: Finder, followers: Followers, clock: Clock) -> None:
        self._events = events
        self._finder = finder
        self._followers = followers
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {"PutLogEvents": self.put}

    async def put(self, context: Context, request: Any) -> Answer:
        sent = [(event["timestamp"], event["message"]) for event in request["logEvents"]]
        _check(sent)
        group = await self._finder.group(context.key(request["logGroupName"]))
        stream = await self._finder.stream(group, request["logStreamName"])
        now = int(self._clock.time() * 1_000)
        accepted, rejected = _sift(sent, group, now)
        if accepted:
            await self._events.put(stream.id, accepted, now)
            self._followers.came(group.key, stream.name, accepted, now)
        answer: Answer = {"nextSequenceToken": SEQUENCE_TOKEN}
        if rejected:
            answer["rejectedLogEventsInfo"] = rejected
        return answer


class FunctionLogs:
    """The sink of functions' logs (`ingle.telemetry.logs.Sink`): nothing is refused, groups and streams are
    made as they are needed."""

    def __init__(self, events: LogEvents, followers: Followers, clock: Clock) -> None:
        self._events = events
        self._followers = followers
        self._clock = clock

    async def write(self, batch: Sequence[Gathered]) -> None:
        """Raises ServiceError."""
        now = int(self._clock.time() * 1_000)
        keyed = [
            (StreamKey(LogGroupKey(account, region, group), stream), events)
            for account, region, group, stream, events in batch
        ]
        await self._events.append(keyed, now)
        for key, events in keyed:
            self._followers.came(key.group, key.name, events, now)


def _check(events: list[tuple[int, str]]) -> None:
    """Raises InvalidParameter for a batch that is refused as a whole."""
    total = 0
    for at, text in events:
        if not text:
            raise InvalidParameter("Log event message must not be empty.")
        if at < 0:
            raise InvalidParameter(f"Log event timestamp {at} must not be negative.")
        size = len(text.encode()) + EVENT_OVERHEAD
        if size > EVENT_BYTES:
            raise InvalidParameter(f"Log event too large: {size} bytes exceeds limit of {EVENT_BYTES}")
        total += size
    if total > BATCH_BYTES:
        raise InvalidParameter(f"Upload too large: {total} bytes exceeds limit of {BATCH_BYTES}")
    times = [at for at, _ in events]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InvalidParameter("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > DAY:
        raise InvalidParameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )


def _sift(
    events: list[tuple[int, str]], group: LogGroup, now: int
) -> tuple[list[tuple[int, str]], dict[str, int]]:
    """The events that are taken, and AWS's account of the others: events are in order, so that each kind
    ends or begins at an index."""
    expired = now - group.retention_days * DAY if group.retention_days is not None else 0
    too_old = sum(at < now - _OLDEST for at, _ in events)
    ended = sum(at < expired for at, _ in events)
    too_new = next((number for number, (at, _) in enumerate(events) if at > now + _NEWEST), None)
    rejected = {}
    if too_new is not None:
        rejected["tooNewLogEventStartIndex"] = too_new
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if ended:
        rejected["expiredLogEventEndIndex"] = ended
    return events[max(too_old, ended) : too_new], rejected
