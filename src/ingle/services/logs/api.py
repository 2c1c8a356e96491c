"""CloudWatch Logs over HTTP: the service model parses, an operation answers, the model writes.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from ingle.model.clock import Clock
from ingle.model.errors import IngleError, NotImplementedYet, ServiceError, ValidationError
from ingle.model.identifiers import new_request_id
from ingle.services import Caller
from ingle.services.logs.context import Context
from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.filters import FilterOperations
from ingle.services.logs.finding import Finder
from ingle.services.logs.following import Followers
from ingle.services.logs.groups import GroupOperations
from ingle.services.logs.insights.operations import QueryOperations
from ingle.services.logs.livetail import LiveTail
from ingle.services.logs.putting import FunctionLogs, Putting
from ingle.services.logs.reading import Reading
from ingle.services.logs.streams import StreamOperations
from ingle.services.logs.sweeping import Sweeper
from ingle.store.database import Database
from ingle.store.logevents import LogEvents
from ingle.store.logfilters import LogFilters
from ingle.store.loggroups import LogGroups
from ingle.store.logstreams import LogStreams
from ingle.wire.message import Request, Response
from ingle.wire.service import Service

_log = logging.getLogger(__name__)

_LIVE_TAIL = "StartLiveTail"


class Logs:
    """The service. Its life: `start`, `answer`, `close`. `sink` takes functions' own logs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._service = Service.load("logs")
        groups, streams, events = LogGroups(database), LogStreams(database), LogEvents(database)
        finder, followers = Finder(groups, streams), Followers()
        self.sink = FunctionLogs(events, followers, clock)
        self._sweeper = Sweeper(groups, events, clock)
        self._live_tail = LiveTail(followers, finder, clock, self._service.operations[_LIVE_TAIL])
        reading = Reading(events, streams, finder, clock)
        self._queries = QueryOperations(events, finder, reading.first_kept, clock)
        self._handlers = {
            **GroupOperations(groups, finder, clock).handlers,
            **StreamOperations(streams, finder, clock).handlers,
            **Putting(events, finder, followers, clock).handlers,
            **reading.handlers,
            **FilterOperations(LogFilters(database), finder, clock).handlers,
            **self._queries.handlers,
        }

    def start(self) -> None:
        self._sweeper.start()

    async def close(self) -> None:
        """End what runs in the background; the database is the caller's."""
        await self._queries.close()
        await self._sweeper.close()

    async def answer(self, request: Request, caller: Caller) -> Response:
        """The answer to any request; never raises but for cancellation."""
        request_id = new_request_id()
        try:
            operation, labels = self._service.resolve(request)
            params = _parsed(operation, request, labels)
            context = Context(caller.account, caller.region)
            if operation.name == _LIVE_TAIL:
                return await self._live_tail.answer(context, params, request_id)
            return operation.serialize(await self.call(operation.name, context, params), request_id)
        except IngleError as error:
            if isinstance(error, ServiceError):
                _log.error("%s failed: %s", request.headers.get("x-amz-target"), error, exc_info=error)
            return self._service.render(error, request_id)
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("%s failed", request.headers.get("x-amz-target"))
            return self._service.render(ServiceError("An internal error occurred."), request_id)

    async def call(self, operation: str, context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
        """One operation with its members, read already: for callers within the node. Raises IngleError."""
        handler = self._handlers.get(operation)
        if handler is None:
            raise NotImplementedYet(f"Ingle does not have CloudWatch Logs' {operation} yet.")
        return await handler(context, params)


def _parsed(operation: Any, request: Request, labels: Mapping[str, str]) -> Any:
    try:
        return operation.parse(request, labels)
    except ValidationError as error:
        raise InvalidParameter(error.message) from None  # this service's own name for it
