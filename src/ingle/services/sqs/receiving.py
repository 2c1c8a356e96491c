"""ReceiveMessage, with long polling.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from ingle.model.clock import Clock
from ingle.services.sqs import attributes, digests, handles, redrive
from ingle.services.sqs.context import Answer, Context, Handlers
from ingle.services.sqs.errors import OverLimit, UnknownAttribute, invalid
from ingle.services.sqs.finding import Finder
from ingle.services.sqs.messageattributes import select
from ingle.services.sqs.sending import sequence_number
from ingle.services.sqs.waiting import Room, Rooms
from ingle.store.message import DeadLetters, Message, Receipt, Received, Reception
from ingle.store.messages import Messages
from ingle.store.queues import Queue, Queues

IN_FLIGHT = 120_000
_MESSAGES = 10
_WAIT = 20
_SYSTEM = frozenset(
    {
        "All",
        "AWSTraceHeader",
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "DeadLetterQueueSourceArn",
        "MessageDeduplicationId",
        "MessageGroupId",
        "SenderId",
        "SentTimestamp",
        "SequenceNumber",
    }
)


class Receiving:
    """The operation. Who finds nothing and may wait sits in the queue's room."""

    def __init__(
        self, queues: Queues, messages: Messages, finder: Finder, rooms: Rooms, clock: Clock
    ) -> None:
        self._queues = queues
        self._messages = messages
        self._finder = finder
        self._rooms = rooms
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {"ReceiveMessage": self.receive_message}

    async def receive_message(self, context: Context, request: Any) -> Answer:
        _check(request)
        wanted = [*request.get("AttributeNames", []), *request.get("MessageSystemAttributeNames", [])]
        for name in wanted:
            if name not in _SYSTEM and name not in attributes.READABLE:
                raise UnknownAttribute(name)
        queue, received = await self._receive(context, request)
        names = request.get("MessageAttributeNames", [])
        shown = [_shown(queue, message, wanted, names) for message in received.messages]
        return {"Messages": shown} if shown else {}

    async def _receive(self, context: Context, request: Any) -> tuple[Queue, Received]:
        queue = await self._finder.find(context, request["QueueUrl"], "ReceiveMessage")
        wait = request.get("WaitTimeSeconds")
        if wait is None:
            wait = attributes.seconds(queue.attributes, "ReceiveMessageWaitTimeSeconds")
        if wait:
            return await self._wait(context, request, queue, wait)
        queue, received = await self._look(context, request)
        if received.over_limit and not queue.fifo:
            # Long polling, and FIFO queues, are told nothing and get nothing.
            raise OverLimit(
                "Too many messages are in flight: the maximum number of inflight messages has been reached."
            )
        return queue, received

    async def _wait(self, context: Context, request: Any, queue: Queue, wait: int) -> tuple[Queue, Received]:
        deadline = asyncio.get_running_loop().time() + wait
        with self._rooms.enter(queue.key) as room:
            while True:
                arrivals = room.arrivals
                queue, received = await self._look_for(room, context, request)
                if received.messages:
                    room.call(1)  # perhaps there is more
                    return queue, received
                if not await room.wait(arrivals, received.next_visible_at, deadline):
                    return queue, received

    async def _look_for(self, room: Room, context: Context, request: Any) -> tuple[Queue, Received]:
        try:
            return await self._look(context, request)
        except asyncio.CancelledError:
            room.call(1)  # what this one was called for is still there
            raise

    async def _look(self, context: Context, request: Any) -> tuple[Queue, Received]:
        async def work(queue: Queue) -> tuple[Queue, Received]:
            now = int(self._clock.time() * 1_000)
            wanted, letters = await self._reception(queue, request, now)
            received = await self._messages.receive(queue.backlog, queue.fifo, wanted, now)
            if received.dead and letters is not None:
                self._rooms.arrived(letters.key, received.dead)
            return queue, received

        return await self._finder.use(context, request["QueueUrl"], "ReceiveMessage", work)

    async def _reception(self, queue: Queue, request: Any, now: int) -> tuple[Reception, Queue | None]:
        """What to ask of the store, and the dead-letter queue where there is one."""
        visibility = request.get("VisibilityTimeout")
        if visibility is None:
            visibility = attributes.seconds(queue.attributes, "VisibilityTimeout")
        policy = redrive.of(queue)
        target = None if policy is None else await self._queues.get(policy.target)
        letters = None
        if policy is not None and target is not None:
            letters = DeadLetters(target.backlog, policy.max_receives, queue.key.arn)
        retention = attributes.seconds(queue.attributes, "MessageRetentionPeriod")
        limit = request.get("MaxNumberOfMessages", 1)
        wanted = Reception(limit, visibility * 1_000, now - retention * 1_000, IN_FLIGHT, letters)
        return wanted, target


def _check(request: Any) -> None:
    """Raises InvalidParameterValue."""
    limit = request.get("MaxNumberOfMessages", 1)
    if not 1 <= limit <= _MESSAGES:
        raise invalid("MaxNumberOfMessages", limit, f"Must be between 1 and {_MESSAGES}, if provided.")
    wait = request.get("WaitTimeSeconds", 0)
    if not 0 <= wait <= _WAIT:
        raise invalid("WaitTimeSeconds", wait, f"Must be >= 0 and <= {_WAIT}, if provided.")
    visibility, allowed = request.get("VisibilityTimeout", 0), attributes.RANGES["VisibilityTimeout"]
    if not allowed.low <= visibility <= allowed.high:
        reason = f"Must be >= {allowed.low} and <= {allowed.high}, if provided."
        raise invalid("VisibilityTimeout", visibility, reason)


def _shown(queue: Queue, message: Message, wanted: list[str], names: list[str]) -> dict[str, Any]:
    kept = json.loads(message.attributes)
    shown: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": handles.encode(queue.key, queue.backlog, Receipt(message.id, message.receives)),
        "MD5OfBody": digests.of_body(message.body),
        "Body": message.body,
    }
    system = _system(queue, message, kept["system"])
    chosen = system if "All" in wanted else {name: system[name] for name in wanted if name in system}
    if chosen:
        shown["Attributes"] = chosen
    own = select({name: _restored(each) for name, each in kept.get("own", {}).items()}, names)
    if own:
        shown["MD5OfMessageAttributes"] = digests.of_attributes(own)
        shown["MessageAttributes"] = own
    return shown


def _system(queue: Queue, message: Message, kept: Mapping[str, str]) -> dict[str, str]:
    shown = {
        **kept,
        "SentTimestamp": str(message.sent_at),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(message.first_received_at),
    }
    if queue.fifo:
        shown["SequenceNumber"] = sequence_number(message.id)
    if message.source is not None:
        shown["DeadLetterQueueSourceArn"] = message.source
    return shown


def _restored(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {name: b64decode(value) if name == "BinaryValue" else value for name, value in attribute.items()}
