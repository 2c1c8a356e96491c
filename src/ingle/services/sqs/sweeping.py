"""What happens to messages while nobody looks: retention ends, abandoned backlogs are emptied.

Nothing depends on the sweep's being punctual: receives pass over what has expired, and counts look first.
"""

from __future__ import annotations

import asyncio
import logging

from ingle.model.clock import Clock
from ingle.model.errors import IngleError
from ingle.services.sqs.queueoperations import QueueOperations
from ingle.store.messages import Messages
from ingle.store.queues import QueueKey, Queues

_log = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds
_EXPIRY_EVERY = 60.0
_AT_ONCE = 500  # rows of a transaction, so that nobody else waits long
_QUEUES = 100


class Sweeper:
    """A task in the background, from `start` to `close`."""

    def __init__(self, queues: Queues, messages: Messages, operations: QueueOperations, clock: Clock) -> None:
        self._queues = queues
        self._messages = messages
        self._operations = operations
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._expired_at = clock.monotonic()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._sweep_on())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> bool:
        """Once; whether there is more to do. Raises IngleError."""
        if self._clock.monotonic() - self._expired_at >= _EXPIRY_EVERY:
            self._expired_at = self._clock.monotonic()
            await self._expire()
        return await self._messages.sweep(int(self._clock.time() * 1_000), _AT_ONCE)

    async def _expire(self) -> None:
        after = QueueKey("", "", "")
        while keys := await self._queues.keys(after, _QUEUES):
            for key in keys:
                queue = await self._queues.get(key)
                if queue is not None:
                    await self._operations.expire(queue)
            after = keys[-1]

    async def _sweep_on(self) -> None:
        more = False
        while True:
            await asyncio.sleep(0 if more else _PAUSE)
            try:
                more = await self.sweep()
            except IngleError as error:
                more = False
                _log.error("messages could not be swept: %s", error)
