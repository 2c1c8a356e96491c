"""What is done with a receipt handle: DeleteMessage, ChangeMessageVisibility, and their batches.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ingle.model.clock import Clock
from ingle.model.errors import CallerError
from ingle.services.sqs import attributes, batches, handles
from ingle.services.sqs.context import Answer, Context, Handlers
from ingle.services.sqs.errors import invalid
from ingle.services.sqs.finding import Finder
from ingle.services.sqs.waiting import Rooms
from ingle.store.message import Outcome, Receipt
from ingle.store.messages import Messages
from ingle.store.queues import Queue
from ingle.wire.sqsservice import MissingParameter

_Act = Callable[[Queue, list[Any]], Awaitable[list[CallerError | None]]]
_LONGEST = attributes.RANGES["VisibilityTimeout"].high


class Receipts:
    """Four operations; each is a batch, if only of one."""

    def __init__(self, messages: Messages, finder: Finder, rooms: Rooms, clock: Clock) -> None:
        self._messages = messages
        self._finder = finder
        self._rooms = rooms
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {
            "ChangeMessageVisibility": self.change_message_visibility,
            "ChangeMessageVisibilityBatch": self.change_message_visibility_batch,
            "DeleteMessage": self.delete_message,
            "DeleteMessageBatch": self.delete_message_batch,
        }

    async def delete_message(self, context: Context, request: Any) -> Answer:
        return await self._one(context, request, "DeleteMessage", self._delete)

    async def delete_message_batch(self, context: Context, request: Any) -> Answer:
        return await self._batch(context, request, "DeleteMessage", self._delete)

    async def change_message_visibility(self, context: Context, request: Any) -> Answer:
        return await self._one(context, request, "ChangeMessageVisibility", self._change)

    async def change_message_visibility_batch(self, context: Context, request: Any) -> Answer:
        return await self._batch(context, request, "ChangeMessageVisibility", self._change)

    async def _one(self, context: Context, request: Any, action: str, act: _Act) -> Answer:
        async def work(queue: Queue) -> Answer:
            (error,) = await act(queue, [request])
            if error is not None:
                raise error
            return {}

        return await self._finder.use(context, request["QueueUrl"], action, work)

    async def _batch(self, context: Context, request: Any, action: str, act: _Act) -> Answer:
        entries = request["Entries"]
        batches.check_entries(entries, f"{action}Batch")

        async def work(queue: Queue) -> Answer:
            results = list(zip(entries, await act(queue, entries), strict=True))
            successful = [{"Id": entry["Id"]} for entry, error in results if error is None]
            failed = [batches.failure(entry["Id"], error) for entry, error in results if error is not None]
            return batches.answer(successful, failed)

        return await self._finder.use(context, request["QueueUrl"], action, work)

    async def _delete(self, queue: Queue, entries: list[Any]) -> list[CallerError | None]:
        errors, receipts = _decode(queue, entries)
        outcomes = await self._messages.delete(
            queue.backlog, queue.fifo, list(receipts.values()), self._now()
        )
        for at, outcome in zip(receipts, outcomes, strict=True):
            if outcome is Outcome.EXPIRED:
                errors[at] = _expired(entries[at]["ReceiptHandle"])
        if queue.fifo and outcomes:
            self._rooms.arrived(queue.key)  # the next of the group is free
        return errors

    async def _change(self, queue: Queue, entries: list[Any]) -> list[CallerError | None]:
        errors, receipts = _decode(queue, entries)
        for at in list(receipts):
            errors[at] = _timeout_error(entries[at].get("VisibilityTimeout"))
            if errors[at] is not None:
                del receipts[at]
        timeouts = {at: int(entries[at]["VisibilityTimeout"]) for at in receipts}
        changes = [(receipt, timeouts[at] * 1_000) for at, receipt in receipts.items()]
        now = self._now()
        outcomes = await self._messages.change_visibility(queue.backlog, changes, _LONGEST * 1_000, now)
        for at, outcome in zip(receipts, outcomes, strict=True):
            errors[at] = _visibility_error(outcome, entries[at])
            if outcome is Outcome.DONE:
                self._changed(queue, timeouts[at], now)
        return errors

    def _changed(self, queue: Queue, timeout: int, now: int) -> None:
        if timeout:
            self._rooms.due(queue.key, now + timeout * 1_000)
        else:
            self._rooms.arrived(queue.key)

    def _now(self) -> int:
        return int(self._clock.time() * 1_000)


def _decode(queue: Queue, entries: list[Any]) -> tuple[list[CallerError | None], dict[int, Receipt]]:
    """An error for each entry whose handle is none of the queue's, and the receipts of the others by their
    place. A handle from before a purge is a receipt of nothing."""
    errors: list[CallerError | None] = [None] * len(entries)
    receipts = {}
    for at, entry in enumerate(entries):
        try:
            backlog, receipt = handles.decode(queue.key, entry["ReceiptHandle"])
        except CallerError as error:
            errors[at] = error
        else:
            receipts[at] = receipt if backlog == queue.backlog else Receipt(0, 0)
    return errors, receipts


def _expired(handle: str) -> CallerError:
    return invalid("ReceiptHandle", handle, "The receipt handle has expired.")


def _timeout_error(timeout: int | None) -> CallerError | None:
    if timeout is None:
        return MissingParameter("VisibilityTimeout")
    if not 0 <= timeout <= _LONGEST:
        return invalid("VisibilityTimeout", timeout, f"Must be between 0 and {_LONGEST}.")
    return None


def _visibility_error(outcome: Outcome, entry: Any) -> CallerError | None:
    if outcome is Outcome.TOO_LONG:
        reason = f"Total VisibilityTimeout for the message is beyond the limit [{_LONGEST} seconds]"
        return invalid("VisibilityTimeout", entry["VisibilityTimeout"], reason)
    if outcome is Outcome.DONE:
        return None
    reason = "Message does not exist or is not available for visibility timeout change."
    return invalid("ReceiptHandle", entry["ReceiptHandle"], reason)
