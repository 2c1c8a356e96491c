"""StartQuery, GetQueryResults, StopQuery, DescribeQueries.

Queries run in the background and live in memory: the last hundred of them, until the node ends.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ingle.model.clock import Clock
from ingle.model.errors import IngleError
from ingle.services.logs.context import Answer, Context, Handlers
from ingle.services.logs.errors import InvalidParameter, LimitExceeded, ResourceNotFound
from ingle.services.logs.finding import Finder, of_identifier
from ingle.services.logs.insights.commands import Plan, compile_query
from ingle.services.logs.insights.running import Outcome, run
from ingle.store.logevents import LogEvents, Span
from ingle.store.loggroups import LogGroup, LogGroupKey

_log = logging.getLogger(__name__)

_RUNNING = 30  # queries at once
_REMEMBERED = 100
_DEADLINE = 900.0  # seconds
_MILLISECONDS_FROM = 100_000_000_000  # as seconds it would be the year 5138: callers send either


@dataclass
class _Query:
    context: Context
    text: str
    groups: list[LogGroupKey]
    created_at: int
    id: str = field(default_factory=lambda: str(uuid4()))
    status: str = "Running"
    outcome: Outcome = field(default_factory=Outcome)
    task: asyncio.Task[None] | None = None


class QueryOperations:
    """The operations. `first_kept` says from when on a group still has events. `close` it."""

    def __init__(
        self, events: LogEvents, finder: Finder, first_kept: Callable[[LogGroup, int], int], clock: Clock
    ) -> None:
        self._events = events
        self._finder = finder
        self._first_kept = first_kept
        self._clock = clock
        self._queries: dict[str, _Query] = {}

    @property
    def handlers(self) -> Handlers:
        return {
            "StartQuery": self.start,
            "GetQueryResults": self.results,
            "StopQuery": self.stop,
            "DescribeQueries": self.describe,
        }

    async def close(self) -> None:
        tasks = [query.task for query in self._queries.values() if query.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start(self, context: Context, request: Any) -> Answer:
        if request.get("queryLanguage", "CWLI") != "CWLI":
            raise InvalidParameter("Ingle runs queries in the language CWLI only.")
        plan = compile_query(request["queryString"])
        if "limit" in request:
            plan.limit = min(plan.limit, request["limit"])
        start, end = _milliseconds(request["startTime"]), _milliseconds(request["endTime"], last=999)
        if end < start:
            raise InvalidParameter("endTime must not be before startTime.")
        groups = [await self._finder.group(key) for key in _keys(context, request)]
        spans = [
            (group.key, Span(group.id, None, self._first_kept(group, start), end + 1)) for group in groups
        ]
        if sum(query.status == "Running" for query in self._queries.values()) >= _RUNNING:
            raise LimitExceeded(f"Only {_RUNNING} queries may run at once.")
        now = int(self._clock.time() * 1_000)
        query = _Query(context, request["queryString"], [group.key for group in groups], now)
        self._remember(query)
        query.task = asyncio.get_running_loop().create_task(self._run(query, plan, spans))
        return {"queryId": query.id}

    async def results(self, context: Context, request: Any) -> Answer:
        query = self._find(context, request["queryId"])
        outcome = query.outcome
        rows = [[{"field": name, "value": value} for name, value in row] for row in outcome.rows]
        return {
            "queryLanguage": "CWLI",
            "results": rows,
            "statistics": {
                "recordsMatched": float(outcome.matched),
                "recordsScanned": float(outcome.scanned),
                "bytesScanned": float(outcome.bytes_scanned),
                "logGroupsScanned": float(len(query.groups)),
            },
            "status": query.status,
        }

    async def stop(self, context: Context, request: Any) -> Answer:
        query = self._find(context, request["queryId"])
        if query.status != "Running" or query.task is None:
            raise InvalidParameter(f"Cannot stop query. Query is already ended with status: {query.status}.")
        query.status = "Cancelled"
        query.task.cancel()
        return {"success": True}

    async def describe(self, context: Context, request: Any) -> Answer:
        wanted, status = request.get("logGroupName"), request.get("status")
        shown = [
            {
                "queryLanguage": "CWLI",
                "queryId": query.id,
                "queryString": query.text,
                "status": query.status,
                "createTime": query.created_at,
                "logGroupName": query.groups[0].name,
            }
            for query in reversed(self._queries.values())
            if query.context == context
            and (wanted is None or any(key.name == wanted for key in query.groups))
            and (status is None or query.status == status)
        ]
        return {"queries": shown[: request.get("maxResults", 1_000)]}

    def _find(self, context: Context, id: str) -> _Query:
        query = self._queries.get(id)
        if query is None or query.context != context:
            raise ResourceNotFound(f"Query {id} does not exist.")
        return query

    def _remember(self, query: _Query) -> None:
        self._queries[query.id] = query
        ended = [each.id for each in self._queries.values() if each.status != "Running"]
        for id in ended[: max(0, len(self._queries) - _REMEMBERED)]:
            del self._queries[id]

    async def _run(self, query: _Query, plan: Plan, spans: list[tuple[LogGroupKey, Span]]) -> None:
        try:
            async with asyncio.timeout(_DEADLINE):
                await run(plan, self._events, spans, query.outcome)
            query.status = "Complete"
        except TimeoutError:
            query.status = "Timeout"
        except (IngleError, OverflowError) as error:
            query.status = "Failed"
            _log.warning("the query %s failed: %r", query.id, error)
        except Exception:
            query.status = "Failed"
            _log.exception("the query %s failed", query.id)


def _keys(context: Context, request: Any) -> list[LogGroupKey]:
    """Raises InvalidParameter."""
    names, identifiers = request.get("logGroupNames"), request.get("logGroupIdentifiers")
    given = [each for each in (request.get("logGroupName"), names, identifiers) if each is not None]
    if len(given) != 1 or not given[0]:
        raise InvalidParameter(
            "Exactly one of logGroupName, logGroupNames or logGroupIdentifiers must be provided."
        )
    if identifiers is not None:
        return [of_identifier(context, each) for each in identifiers]
    return [context.key(name) for name in names or [request["logGroupName"]]]


def _milliseconds(time: int, last: int = 0) -> int:
    """`last`: the millisecond of a second that is meant where seconds are given."""
    return time if time >= _MILLISECONDS_FROM else time * 1_000 + last
