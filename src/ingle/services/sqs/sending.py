"""SendMessage and SendMessageBatch.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from ingle.model.clock import Clock
from ingle.model.errors import CallerError, InvalidParameterValue
from ingle.services.sqs import attributes, batches, digests
from ingle.services.sqs.context import Answer, Context, Handlers
from ingle.services.sqs.errors import BatchRequestTooLong, invalid
from ingle.services.sqs.finding import Finder
from ingle.services.sqs.messageattributes import (
    check_attributes,
    check_body,
    check_id,
    check_system_attributes,
    size,
)
from ingle.services.sqs.waiting import Rooms
from ingle.store.message import NewMessage, Sent
from ingle.store.messages import Messages
from ingle.store.queues import Queue
from ingle.wire.sqsservice import MissingParameter

_FIRST_SEQUENCE_NUMBER = 18_850_000_000_000_000_000  # AWS's have twenty digits
_SEQUENCE_STEP = 256
_NEEDS_TOKEN = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
    "explicitly"
)


def sequence_number(id: int) -> str:
    """A FIFO queue's message's place in the order of sending, as AWS writes it."""
    return str(_FIRST_SEQUENCE_NUMBER + id * _SEQUENCE_STEP)


class Sending:
    """Both operations; an entry of a batch is a message like any other."""

    def __init__(self, messages: Messages, finder: Finder, rooms: Rooms, clock: Clock) -> None:
        self._messages = messages
        self._finder = finder
        self._rooms = rooms
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {"SendMessage": self.send_message, "SendMessageBatch": self.send_message_batch}

    async def send_message(self, context: Context, request: Any) -> Answer:
        async def work(queue: Queue) -> Answer:
            message = _new_message(context, queue, request)
            (sent,) = await self._send(queue, [message])
            return _result(queue, request, sent)

        return await self._finder.use(context, request["QueueUrl"], "SendMessage", work)

    async def send_message_batch(self, context: Context, request: Any) -> Answer:
        entries = request["Entries"]
        batches.check_entries(entries, "SendMessageBatch")

        async def work(queue: Queue) -> Answer:
            _check_batch(queue, entries)
            failed, good, messages = [], [], []
            for entry in entries:
                try:
                    messages.append(_new_message(context, queue, entry, in_batch=True))
                    good.append(entry)
                except CallerError as error:
                    failed.append(batches.failure(entry["Id"], error))
            sent = await self._send(queue, messages) if messages else []
            successful = [
                {"Id": entry["Id"], **_result(queue, entry, one)}
                for entry, one in zip(good, sent, strict=True)
            ]
            return batches.answer(successful, failed)

        return await self._finder.use(context, request["QueueUrl"], "SendMessage", work)

    async def _send(self, queue: Queue, messages: list[NewMessage]) -> list[Sent]:
        now = int(self._clock.time() * 1_000)
        sent = await self._messages.send(queue.backlog, messages, now)
        delays = [message.delay for message, one in zip(messages, sent, strict=True) if not one.duplicate]
        if visible := delays.count(0):
            self._rooms.arrived(queue.key, visible)
        for delay in filter(None, delays):
            self._rooms.due(queue.key, now + delay)
        return sent


def _check_batch(queue: Queue, entries: list[Any]) -> None:
    """What refuses a batch as a whole. Raises InvalidParameterValue, BatchRequestTooLong."""
    if queue.fifo:
        for entry in entries:
            if "MessageDeduplicationId" not in entry and not _by_content(queue):
                raise InvalidParameterValue(_NEEDS_TOKEN)
            if not entry.get("MessageGroupId"):
                raise InvalidParameterValue("The request must contain the parameter MessageGroupId.")
    total = sum(size(entry["MessageBody"], entry.get("MessageAttributes", {})) for entry in entries)
    if total > attributes.MAXIMUM_MESSAGE_SIZE:
        raise BatchRequestTooLong(attributes.MAXIMUM_MESSAGE_SIZE, total)


def _new_message(context: Context, queue: Queue, entry: Any, in_batch: bool = False) -> NewMessage:
    """The message that a request or an entry says. Raises a CallerError for what is wrong with it."""
    body, own = entry["MessageBody"], entry.get("MessageAttributes", {})
    system = entry.get("MessageSystemAttributes", {})
    check_body(body)
    check_attributes(own)
    check_system_attributes(system)
    limit = attributes.seconds(queue.attributes, "MaximumMessageSize")
    if size(body, own) > limit:
        said = "cannot be validated" if in_batch else "are invalid"
        raise InvalidParameterValue(
            f"One or more parameters {said}. Reason: Message must be shorter than {limit} bytes."
        )
    group, token = _group(queue, entry), _token(queue, entry)
    kept = _kept(context, own, system, group, token)
    delay = _delay(queue, entry) * 1_000
    if not queue.fifo:
        return NewMessage(body, kept, delay)
    scope = (group or "") if queue.by_group else ""
    return NewMessage(body, kept, delay, group, token, scope)


def _delay(queue: Queue, entry: Any) -> int:
    given = entry.get("DelaySeconds")
    allowed = attributes.RANGES["DelaySeconds"]
    if queue.fifo and given:
        reason = "The request include parameter that is not valid for this queue type."
        raise invalid("DelaySeconds", given, reason)
    if given is not None and not allowed.low <= given <= allowed.high:
        reason = f"DelaySeconds must be >= {allowed.low} and <= {allowed.high}."
        raise invalid("DelaySeconds", given, reason)
    if given is None or queue.fifo:
        return attributes.seconds(queue.attributes, "DelaySeconds")
    return int(given)


def _group(queue: Queue, entry: Any) -> str | None:
    group: str | None = entry.get("MessageGroupId")
    if queue.fifo and not group:
        raise MissingParameter("MessageGroupId")
    if group is not None:
        check_id("MessageGroupId", group)
    return group


def _token(queue: Queue, entry: Any) -> str | None:
    token: str | None = entry.get("MessageDeduplicationId")
    if token is not None:
        check_id("MessageDeduplicationId", token)
        if not queue.fifo:
            reason = "The request includes a parameter that is not valid for this queue type."
            raise invalid("MessageDeduplicationId", token, reason)
        return token
    if not queue.fifo:
        return None
    if not _by_content(queue):
        raise InvalidParameterValue(_NEEDS_TOKEN)
    return hashlib.sha256(entry["MessageBody"].encode()).hexdigest()


def _by_content(queue: Queue) -> bool:
    return queue.attributes.get("ContentBasedDeduplication") == "true"


def _kept(
    context: Context, own: Mapping[str, Any], system: Mapping[str, Any], group: str | None, token: str | None
) -> str:
    """What is stored beside a message's body: its attributes, and those that SQS shows on request."""
    trace = system["AWSTraceHeader"]["StringValue"] if system else context.trace_header
    shown = {
        "SenderId": context.account,
        "AWSTraceHeader": trace,
        "MessageGroupId": group,
        "MessageDeduplicationId": token,
    }
    kept: dict[str, Any] = {"system": {name: value for name, value in shown.items() if value is not None}}
    if own:
        kept["own"] = {name: _storable(attribute) for name, attribute in own.items()}
    return json.dumps(kept, separators=(",", ":"))


def _storable(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in attribute.items()
        if value
    }


def _result(queue: Queue, entry: Any, sent: Sent) -> dict[str, Any]:
    result = {"MessageId": sent.message_id, "MD5OfMessageBody": digests.of_body(entry["MessageBody"])}
    if entry.get("MessageAttributes"):
        result["MD5OfMessageAttributes"] = digests.of_attributes(entry["MessageAttributes"])
    if entry.get("MessageSystemAttributes"):
        result["MD5OfMessageSystemAttributes"] = digests.of_attributes(entry["MessageSystemAttributes"])
    if queue.fifo:
        result["SequenceNumber"] = sequence_number(sent.id)
    return result
