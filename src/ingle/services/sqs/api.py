"""SQS over HTTP, in both of its protocols: the service model parses, an operation answers, the model writes.

JSON says the operation in `X-Amz-Target`; what has none is of the older query protocol, in a form or in the
URL, where a queue's own URL may say which queue is meant.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests.html
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ingle.model.clock import Clock
from ingle.model.errors import IngleError, ServiceError
from ingle.model.identifiers import new_request_id
from ingle.services import Caller
from ingle.services.sqs.context import Context
from ingle.services.sqs.finding import Finder
from ingle.services.sqs.moving import Moving
from ingle.services.sqs.queueoperations import QueueOperations
from ingle.services.sqs.receipts import Receipts
from ingle.services.sqs.receiving import Receiving
from ingle.services.sqs.sending import Sending
from ingle.services.sqs.sweeping import Sweeper
from ingle.services.sqs.waiting import Rooms
from ingle.store.database import Database
from ingle.store.messages import Messages
from ingle.store.movetasks import MoveTasks
from ingle.store.queues import Queues
from ingle.wire.errors import InvalidAction
from ingle.wire.message import Request, Response
from ingle.wire.service import Service

_log = logging.getLogger(__name__)

# What is about no queue in particular is not asked at a queue's URL.
_AT_THE_SERVICE_ONLY = frozenset({"CreateQueue", "ListQueues", "GetQueueUrl"})


class Sqs:
    """The service. Its life: `start`, `answer`, `end_polls`, `close`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._protocols = {"json": Service.load("sqs"), "query": Service.load("sqs", "query")}
        queues, messages, rooms = Queues(database), Messages(database), Rooms(clock)
        finder = Finder(queues)
        self._rooms = rooms
        operations = QueueOperations(queues, messages, finder, rooms, clock)
        self._moving = Moving(queues, messages, MoveTasks(database), rooms, clock)
        self._sweeper = Sweeper(queues, messages, operations, clock)
        self._handlers = {
            **operations.handlers,
            **Sending(messages, finder, rooms, clock).handlers,
            **Receiving(queues, messages, finder, rooms, clock).handlers,
            **Receipts(messages, finder, rooms, clock).handlers,
            **self._moving.handlers,
        }

    async def start(self) -> None:
        """Go on with what a restart interrupted, and sweep. Raises ServiceError."""
        await self._moving.start()
        self._sweeper.start()

    def end_polls(self) -> None:
        """Answer who polls long, so that the listener need not wait for them: before it stops."""
        self._rooms.dismiss()

    async def close(self) -> None:
        """End what runs in the background; the database is the caller's."""
        await self._sweeper.close()
        await self._moving.close()

    async def answer(self, request: Request, caller: Caller) -> Response:
        """The answer to any request; never raises but for cancellation."""
        protocol = self._protocols["json" if _is_json(request) else "query"]
        request_id = new_request_id()
        try:
            operation, labels = protocol.resolve(request)
            if protocol is self._protocols["query"]:
                labels = _with_queue_url(operation.name, request, labels)
            params = operation.parse(request, labels)
            result = await self.call(operation.name, _context(request, caller), params)
            return operation.serialize(result, request_id)
        except IngleError as error:
            if isinstance(error, ServiceError):
                _log.error("%s failed: %s", request.headers.get("x-amz-target"), error, exc_info=error)
            return protocol.render(error, request_id)
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("%s failed", request.headers.get("x-amz-target"))
            return protocol.render(ServiceError("An internal error occurred."), request_id)

    async def call(self, operation: str, context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
        """One operation with its members, read already: for callers within the node. Raises IngleError."""
        return await self._handlers[operation](context, params)


def _is_json(request: Request) -> bool:
    content_type = request.headers.get("content-type", "")
    return "x-amz-target" in request.headers or content_type.startswith("application/x-amz-json")


def _with_queue_url(operation: str, request: Request, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields of a query, with the URL that it was sent to as the queue where it names none."""
    path = unquote(request.path)
    if path.strip("/") == "":
        return fields
    if operation in _AT_THE_SERVICE_ONLY:
        raise InvalidAction(operation)
    return {"QueueUrl": f"http://{request.headers.get('host', 'localhost')}{path}", **fields}


def _context(request: Request, caller: Caller) -> Context:
    return Context(
        account=caller.account,
        region=caller.region,
        endpoint=f"http://{request.headers.get('host', 'localhost')}",
        trace_header=request.headers.get("x-amzn-trace-id"),
    )
