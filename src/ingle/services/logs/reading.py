"""GetLogEvents and FilterLogEvents.

An answer is bounded by its bytes, its events and by what was looked at for it; a token goes on from there,
so that a request costs the same however much a group has. FilterLogEvents may answer nothing with a token.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import asyncio
from typing import Any

from ingle.model.clock import Clock
from ingle.services.logs import tokens
from ingle.services.logs.context import Answer, Context, Handlers
from ingle.services.logs.errors import InvalidParameter, no_stream
from ingle.services.logs.finding import Finder
from ingle.services.logs.patterns import Pattern, parse
from ingle.services.logs.putting import DAY
from ingle.store.logevents import Event, LogEvents, Position, Span
from ingle.store.loggroups import LogGroup
from ingle.store.logstreams import LogStreams

_ANSWER_BYTES = 1_048_576
_ANSWER_EVENTS = 10_000
_LOOK = 2_000  # events looked at in one go
_LOOKS = 20  # of a request
_STREAMS = 10_000  # that a prefix may mean
_END = 2**62


class Reading:
    """The operations."""

    def __init__(self, events: LogEvents, streams: LogStreams, finder: Finder, clock: Clock) -> None:
        self._events = events
        self._streams = streams
        self._finder = finder
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {"GetLogEvents": self.get, "FilterLogEvents": self.filter}

    async def get(self, context: Context, request: Any) -> Answer:
        group = await self._finder.named(context, request)
        stream = await self._finder.stream(group, request["logStreamName"])
        start = self.first_kept(group, request.get("startTime", 0))
        span = Span(group.id, (stream.id,), start, request.get("endTime", _END))
        limit = request.get("limit", _ANSWER_EVENTS)
        token = request.get("nextToken")
        if token is not None:
            direction, position = tokens.decode_events(token)
        elif request.get("startFromHead", False):
            direction, position = "f", Position(start, 0)
        else:
            direction, position = "b", Position(span.end, 0)
        page = self._events.after if direction == "f" else self._events.before
        found = await page(span, position, limit, _ANSWER_BYTES)
        forward, backward = _turns(found, direction, position, span, token is None)
        return {
            "events": [
                {"timestamp": event.at, "message": event.message, "ingestionTime": event.ingested_at}
                for event in found
            ],
            "nextForwardToken": tokens.encode_events("f", forward),
            "nextBackwardToken": tokens.encode_events("b", backward),
        }

    async def filter(self, context: Context, request: Any) -> Answer:
        group = await self._finder.named(context, request)
        pattern = parse(request.get("filterPattern", ""))
        start, last = request.get("startTime", 0), request.get("endTime", _END - 1)
        if start > last:
            raise InvalidParameter("startTime must be less than or equal to endTime")
        streams = await self._wanted(group, request)
        span = Span(group.id, streams, self.first_kept(group, start), last + 1)
        token = request.get("nextToken")
        position = Position(0, 0) if token is None else _position(token)
        limit = request.get("limit", _ANSWER_EVENTS)
        found, rest = await self._search(span, position, pattern, limit)
        answer: Answer = {"events": [_filtered(event) for event in found], "searchedLogStreams": []}
        if rest is not None:
            answer["nextToken"] = tokens.encode(*rest)
        return answer

    def first_kept(self, group: LogGroup, start: int) -> int:
        """The first moment from `start` on whose events the group still keeps."""
        if group.retention_days is None:
            return start
        return max(start, int(self._clock.time() * 1_000) - group.retention_days * DAY)

    async def _wanted(self, group: LogGroup, request: Any) -> tuple[int, ...] | None:
        """The streams that a request names; None for all. Raises ResourceNotFound, InvalidParameter."""
        names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
        if names is not None and prefix is not None:
            raise InvalidParameter(
                "logStreamNamePrefix and logStreamNames are mutually exclusive parameters."
            )
        if names is not None:
            ids = await self._streams.named(group.id, names)
            if any(name not in ids for name in names):
                raise no_stream()
            return tuple(ids.values())
        if prefix is not None:
            return tuple((await self._streams.prefixed(group.id, prefix, _STREAMS)).values())
        return None

    async def _search(
        self, span: Span, position: Position, pattern: Pattern, limit: int
    ) -> tuple[list[Event], Position | None]:
        """What matches behind `position`, and from where to go on, None at the end."""
        found: list[Event] = []
        size = 0
        for _ in range(_LOOKS):
            looked = await self._events.after(span, position, _LOOK, _ANSWER_BYTES)
            if not looked:
                return found, None
            matching = await asyncio.to_thread(_matching, looked, pattern)
            for event in matching:
                size += len(event.message)
                if found and size > _ANSWER_BYTES:
                    return found, found[-1].position
                found.append(event)
                if len(found) == limit:
                    return found, event.position
            position = looked[-1].position
        return found, position


def _matching(events: list[Event], pattern: Pattern) -> list[Event]:
    return [event for event in events if pattern(event.message)]


def _turns(
    found: list[Event], direction: str, position: Position, span: Span, first: bool
) -> tuple[Position, Position]:
    """From where to go on, forward and backward. Where there is nothing more, both ways lead back to the
    same place, and the way that was asked for has the token that it was asked with."""
    if found:
        return found[-1].position, found[0].position
    if first and direction == "b":
        # Nothing yet: forward is what is still to come.
        return Position(span.start, 0), Position(span.start, 0)
    if direction == "f":
        return position, Position(position.at, position.id + 1)
    return Position(position.at, max(0, position.id - 1)), position


def _position(token: str) -> Position:
    at, id = tokens.decode(token, int, int)
    return Position(int(at), int(id))


def _filtered(event: Event) -> Answer:
    return {
        "logStreamName": event.stream,
        "timestamp": event.at,
        "message": event.message,
        "ingestionTime": event.ingested_at,
        "eventId": f"{event.at:020d}{event.id:036d}",
    }
