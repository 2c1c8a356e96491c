"""Message move tasks: dead letters go back to where they came from, or elsewhere, at a given rate.

A task is stored before it is answered and goes on after a restart. Each moves a batch, waits as long as its
rate demands, and looks whether it was cancelled.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from base64 import b64decode, b64encode
from typing import Any

from ingle.model.clock import Clock
from ingle.model.errors import IngleError, InvalidParameterValue
from ingle.services.sqs.context import Answer, Context, Handlers
from ingle.services.sqs.errors import ResourceNotFound, invalid
from ingle.services.sqs.waiting import Rooms
from ingle.store.message import StaleBacklog
from ingle.store.messages import Messages
from ingle.store.movetasks import MovedBatch, MoveStatus, MoveTask, MoveTasks
from ingle.store.queues import Queue, QueueKey, Queues

_log = logging.getLogger(__name__)

_FASTEST = 500  # messages a second, also where the caller names no rate
_BATCHES_PER_SECOND = 10
_LISTED = 10
_NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
_NO_SOURCE = "CouldNotDetermineMessageSource"
_ARN_FORM = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"


class Moving:
    """The three operations, and the tasks that run. `start` and `close` are its life."""

    def __init__(
        self, queues: Queues, messages: Messages, tasks: MoveTasks, rooms: Rooms, clock: Clock
    ) -> None:
        self._queues = queues
        self._messages = messages
        self._tasks = tasks
        self._rooms = rooms
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()

    @property
    def handlers(self) -> Handlers:
        return {
            "CancelMessageMoveTask": self.cancel_message_move_task,
            "ListMessageMoveTasks": self.list_message_move_tasks,
            "StartMessageMoveTask": self.start_message_move_task,
        }

    async def start(self) -> None:
        """Go on with the tasks that had not ended."""
        for task in await self._tasks.active():
            self._run(task)

    async def close(self) -> None:
        """Stop, but do not end: the next start goes on."""
        for running in list(self._running):
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def start_message_move_task(self, context: Context, request: Any) -> Answer:
        source = await self._queue(context, request["SourceArn"], "SourceArn")
        rate = request.get("MaxNumberOfMessagesPerSecond")
        if rate is not None and not 1 <= rate <= _FASTEST:
            reason = f"Must be between 1 and {_FASTEST}, if provided."
            raise invalid("MaxNumberOfMessagesPerSecond", rate, reason)
        if not await self._queues.sources(source.key, "", 1):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        destination = request.get("DestinationArn")
        if destination:
            target = await self._queue(context, destination, "DestinationArn")
            if target.key == source.key:
                raise InvalidParameterValue("Source queue arn and destination queue arn cannot be the same.")
        now = self._now()
        counts = await self._messages.counts(source.backlog, now)
        task = MoveTask(
            str(uuid.uuid4()),
            source.key.arn,
            destination or None,
            rate,
            counts.visible,
            0,
            MoveStatus.RUNNING,
            None,
            now,
        )
        if not await self._tasks.create(task):
            raise InvalidParameterValue(
                "There is already a task running. Only one active task is allowed for a source queue "
                "arn at a given time."
            )
        self._run(task)
        return {"TaskHandle": _handle(task)}

    async def list_message_move_tasks(self, context: Context, request: Any) -> Answer:
        source = await self._queue(context, request["SourceArn"], "SourceArn")
        limit = request.get("MaxResults", 1)
        if not 1 <= limit <= _LISTED:
            raise invalid("MaxResults", limit, f"Must be between 1 and {_LISTED}, if provided.")
        tasks = await self._tasks.of_source(source.key.arn, limit)
        return {"Results": [_shown(task) for task in tasks]} if tasks else {}

    async def cancel_message_move_task(self, context: Context, request: Any) -> Answer:
        id, arn = _parse_handle(request["TaskHandle"])
        await self._queue(context, arn, "SourceArn")
        task = await self._tasks.get(id)
        if task is None or task.source != arn:
            raise ResourceNotFound("Task does not exist.")
        if not await self._tasks.cancel(id):
            raise InvalidParameterValue("Only active tasks can be cancelled.")
        task = await self._tasks.get(id) or task
        return {"ApproximateNumberOfMessagesMoved": task.moved}

    async def _queue(self, context: Context, arn: str, parameter: str) -> Queue:
        key = QueueKey.of_arn(arn)
        if key is None:
            raise InvalidParameterValue(f"You must use this format to specify the {parameter}: {_ARN_FORM}")
        queue = await self._queues.get(key)
        if queue is None or key[:2] != (context.account, context.region):
            raise ResourceNotFound(
                f"The resource that you specified for the {parameter} parameter doesn't exist."
            )
        return queue

    def _run(self, task: MoveTask) -> None:
        running = asyncio.get_running_loop().create_task(self._move(task))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _move(self, task: MoveTask) -> None:
        """Until there is nothing left, the task is cancelled, or the node stops."""
        rate = task.rate or _FASTEST
        limit = max(1, rate // _BATCHES_PER_SECOND)
        try:
            while (current := await self._tasks.get(task.id)) is not None:
                if current.status is not MoveStatus.RUNNING:
                    await self._tasks.progress(task.id, 0, MoveStatus.CANCELLED)
                    return
                moved = await self._batch(task, limit)
                status, failure = _status(moved)
                await self._tasks.progress(task.id, moved.moved, status, failure)
                if status is not MoveStatus.RUNNING:
                    return
                await asyncio.sleep(moved.moved / rate)
        except IngleError as error:
            # It stays as it is in the store, and goes on at the next start.
            _log.error("the message move task %s stopped: %s", task.id, error)

    async def _batch(self, task: MoveTask, limit: int) -> MovedBatch:
        """Raises IngleError where the database fails."""
        source = await self._queues.get(_key(task.source))
        if source is None:
            return MovedBatch(0, unknown=_NO_QUEUE)
        known = await self._targets(task, source)
        if task.destination is not None and task.destination not in known:
            return MovedBatch(0, unknown=_NO_QUEUE)
        targets: Any = {arn: queue.backlog for arn, queue in known.items()}
        if task.destination is not None:
            targets = targets[task.destination]
        try:
            moved = await self._tasks.move(source.backlog, source.fifo, targets, limit, self._now())
        except StaleBacklog:
            for queue in (source, *known.values()):
                self._queues.forget(queue.key)
            return MovedBatch(0, targets=frozenset({0}))  # look again
        for queue in known.values():
            if queue.backlog in moved.targets:
                self._rooms.arrived(queue.key, moved.moved)
        return moved

    async def _targets(self, task: MoveTask, source: Queue) -> dict[str, Queue]:
        """The queues that messages may go to, by ARN."""
        if task.destination is not None:
            keys = [_key(task.destination)]
        else:
            keys = await self._queues.sources(source.key, "", 1_000)
        found = [await self._queues.get(key) for key in keys]
        return {queue.key.arn: queue for queue in found if queue is not None}

    def _now(self) -> int:
        return int(self._clock.time() * 1_000)


def _status(moved: MovedBatch) -> tuple[MoveStatus, str | None]:
    if moved.unknown is not None:
        return MoveStatus.FAILED, _NO_QUEUE if moved.unknown else _NO_SOURCE
    if not moved.targets:
        return MoveStatus.COMPLETED, None
    return MoveStatus.RUNNING, None


def _key(arn: str) -> QueueKey:
    key = QueueKey.of_arn(arn)
    assert key is not None, "an ARN that was checked before it was stored"
    return key


def _shown(task: MoveTask) -> dict[str, Any]:
    shown = {
        "Status": task.status.value,
        "SourceArn": task.source,
        "DestinationArn": task.destination,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "FailureReason": task.failure,
        "StartedTimestamp": task.started_at,
    }
    if task.status is MoveStatus.RUNNING:
        shown["TaskHandle"] = _handle(task)
    return {name: value for name, value in shown.items() if value is not None}


def _handle(task: MoveTask) -> str:
    return b64encode(json.dumps({"taskId": task.id, "sourceArn": task.source}).encode()).decode()


def _parse_handle(handle: str) -> tuple[str, str]:
    try:
        document = json.loads(b64decode(handle, validate=True))
        return str(document["taskId"]), str(document["sourceArn"])
    except (ValueError, KeyError, TypeError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
