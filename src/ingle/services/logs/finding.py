"""Which log group a request means: its name, or an ARN of it.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
(logGroupIdentifier: a name or an ARN without `:*`; one of name and identifier, not both)
"""

from __future__ import annotations

from typing import Any

from ingle.services.logs.context import Context
from ingle.services.logs.errors import InvalidParameter, no_group, no_stream
from ingle.store.loggroups import LogGroup, LogGroupKey, LogGroups
from ingle.store.logstreams import LogStreamRow, LogStreams

_ARN_PARTS = 7


class Finder:
    """Finds groups and streams for operations."""

    def __init__(self, groups: LogGroups, streams: LogStreams) -> None:
        self._groups = groups
        self._streams = streams

    async def group(self, key: LogGroupKey) -> LogGroup:
        """Raises ResourceNotFound."""
        group = await self._groups.get(key)
        if group is None:
            raise no_group()
        return group

    async def named(self, context: Context, request: Any) -> LogGroup:
        """The group of `logGroupName` or `logGroupIdentifier`. Raises ResourceNotFound, InvalidParameter."""
        name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
        if (name is None) == (identifier is None):
            raise InvalidParameter("Exactly one of logGroupName or logGroupIdentifier must be provided.")
        return await self.group(context.key(name) if name is not None else of_identifier(context, identifier))

    async def stream(self, group: LogGroup, name: str) -> LogStreamRow:
        """Raises ResourceNotFound."""
        stream = await self._streams.get(group.id, name)
        if stream is None:
            raise no_stream()
        return stream


def of_identifier(context: Context, identifier: str) -> LogGroupKey:
    """The group that a name or an ARN means. Raises InvalidParameter for another ARN, and
    ResourceNotFound for one of another account or region, of which nothing is shared."""
    if not identifier.startswith("arn:"):
        return context.key(identifier)
    parts = identifier.removesuffix(":*").split(":")
    if len(parts) != _ARN_PARTS or parts[2] != "logs" or parts[5] != "log-group":
        raise InvalidParameter("Invalid ARN")
    if (parts[4], parts[3]) != (context.account, context.region):
        raise no_group()
    return context.key(parts[6])
