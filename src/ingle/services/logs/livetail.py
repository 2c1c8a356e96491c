"""StartLiveTail: what comes in, as it comes in, over an event stream.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from ingle.model.clock import Clock
from ingle.model.identifiers import new_request_id
from ingle.services.logs.context import Context
from ingle.services.logs.errors import InvalidParameter, LimitExceeded
from ingle.services.logs.finding import Finder, of_identifier
from ingle.services.logs.following import Arrival, Follower, Followers
from ingle.services.logs.patterns import Pattern, parse
from ingle.store.loggroups import LogGroupKey
from ingle.wire.eventstream import encode_exception, encode_frame
from ingle.wire.message import Response
from ingle.wire.service import Operation

_SESSIONS = 15
_UPDATE_EVENTS = 500
_UPDATE_SECONDS = 1.0
_SESSION_SECONDS = 3 * 3_600.0
_HEADERS = {":event-type": "initial-response", ":content-type": "application/json", ":message-type": "event"}


class LiveTail:
    """The operation. A session ends with its client, or after three hours."""

    def __init__(self, followers: Followers, finder: Finder, clock: Clock, operation: Operation) -> None:
        self._followers = followers
        self._finder = finder
        self._clock = clock
        self._operation = operation

    async def answer(self, context: Context, request: Any, request_id: str) -> Response:
        """Raises InvalidParameter, ResourceNotFound, LimitExceeded."""
        groups = [of_identifier(context, each) for each in request["logGroupIdentifiers"]]
        for key in groups:
            await self._finder.group(key)
        names, prefixes = request.get("logStreamNames"), request.get("logStreamNamePrefixes")
        if names is not None and prefixes is not None:
            raise InvalidParameter(
                "logStreamNamePrefixes and logStreamNames are mutually exclusive parameters."
            )
        if (names or prefixes) and len(groups) > 1:
            raise InvalidParameter(
                "logStreamNames and logStreamNamePrefixes can be used with one log group only."
            )
        pattern = parse(request.get("logEventFilterPattern", ""))
        if len(self._followers) >= _SESSIONS:
            raise LimitExceeded(f"Only {_SESSIONS} Live Tail sessions may be open at once.")
        follower = Follower(lambda arrival: _is_wanted(arrival, names, prefixes, pattern))
        headers = {
            "x-amzn-RequestId": request_id,
            "Content-Type": "application/vnd.amazon.eventstream",
        }
        return Response(200, headers, parts=self._session(groups, follower, request, request_id))

    async def _session(
        self, groups: list[LogGroupKey], follower: Follower, request: Any, request_id: str
    ) -> AsyncIterator[bytes]:
        self._followers.add(groups, follower)
        try:
            yield encode_frame(_HEADERS, b"{}")
            yield self._operation.encode_event("sessionStart", _start(request, request_id))
            end = self._clock.monotonic() + _SESSION_SECONDS
            while self._clock.monotonic() < end:
                await asyncio.sleep(_UPDATE_SECONDS)
                yield self._update(follower)
            yield encode_exception("SessionTimeoutException", "The session has timed out.")
        finally:
            self._followers.remove(groups, follower)

    def _update(self, follower: Follower) -> bytes:
        arrivals, missed = follower.take(_UPDATE_EVENTS)
        results = [
            {
                "logStreamName": each.stream,
                "logGroupIdentifier": f"{each.group.account}:{each.group.name}",
                "message": each.message,
                "timestamp": each.at,
                "ingestionTime": each.ingested_at,
            }
            for each in arrivals
        ]
        return self._operation.encode_event(
            "sessionUpdate", {"sessionMetadata": {"sampled": missed}, "sessionResults": results}
        )


def _start(request: Any, request_id: str) -> dict[str, Any]:
    return {
        "requestId": request_id,
        "sessionId": new_request_id(),
        "logGroupIdentifiers": request["logGroupIdentifiers"],
        "logStreamNames": request.get("logStreamNames", []),
        "logStreamNamePrefixes": request.get("logStreamNamePrefixes", []),
        "logEventFilterPattern": request.get("logEventFilterPattern", ""),
    }


def _is_wanted(
    arrival: Arrival, names: list[str] | None, prefixes: list[str] | None, pattern: Pattern
) -> bool:
    if names is not None and arrival.stream not in names:
        return False
    if prefixes is not None and not arrival.stream.startswith(tuple(prefixes)):
        return False
    return pattern(arrival.message)
