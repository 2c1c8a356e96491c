"""Log streams.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
"""

from __future__ import annotations

from typing import Any

from ingle.model.clock import Clock
from ingle.services.logs import tokens
from ingle.services.logs.context import Answer, Context, Handlers
from ingle.services.logs.errors import InvalidParameter, ResourceAlreadyExists
from ingle.services.logs.finding import Finder
from ingle.store.loggroups import LogGroup
from ingle.store.logstreams import LogStreamRow, LogStreams

_PAGE = 50
# What PutLogEvents answers and streams show since tokens are no longer needed; older clients send it back.
SEQUENCE_TOKEN = "49" + "0" * 54


class StreamOperations:
    """The operations."""

    def __init__(self, streams: LogStreams, finder: Finder, clock: Clock) -> None:
        self._streams = streams
        self._finder = finder
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {
            "CreateLogStream": self.create,
            "DeleteLogStream": self.delete,
            "DescribeLogStreams": self.describe,
        }

    async def create(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        now = int(self._clock.time() * 1_000)
        if not await self._streams.create(group.id, request["logStreamName"], now):
            raise ResourceAlreadyExists("The specified log stream already exists")
        return {}

    async def delete(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        await self._streams.delete(await self._finder.stream(group, request["logStreamName"]))
        return {}

    async def describe(self, context: Context, request: Any) -> Answer:
        group = await self._finder.named(context, request)
        prefix, by_time = request.get("logStreamNamePrefix"), request.get("orderBy") == "LastEventTime"
        if by_time and prefix is not None:
            raise InvalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
        limit, token = request.get("limit", _PAGE), request.get("nextToken")
        descending = request.get("descending", False)
        if by_time:
            at, name = (0, "") if token is None else tokens.decode(token, int, str)
            found = await self._streams.by_last_event(group.id, (int(at), str(name)), descending, limit + 1)
        else:
            after = tokens.after_name(token)
            found = await self._streams.by_name(group.id, prefix or "", after, descending, limit + 1)
        shown = found[:limit]
        answer: Answer = {"logStreams": [_described(group, stream) for stream in shown]}
        if len(found) > limit:
            last = shown[-1]
            answer["nextToken"] = (
                tokens.encode(last.last_at or 0, last.name) if by_time else tokens.encode(last.name)
            )
        return answer


def _described(group: LogGroup, stream: LogStreamRow) -> Answer:
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created_at,
        "firstEventTimestamp": stream.first_at,
        "lastEventTimestamp": stream.last_at,
        "lastIngestionTime": stream.ingested_at,
        "uploadSequenceToken": None if stream.last_at is None else SEQUENCE_TOKEN,
        "arn": f"{group.key.arn}:log-stream:{stream.name}",
        "storedBytes": 0,  # as AWS answers for every stream since 2019
    }
