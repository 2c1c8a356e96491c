"""Long polling without a thread or a loop for each who waits: they sit in their queue's room and are woken.

A room exists while someone waits for its queue. One is woken for each message that arrives, and one by a
single timer, when the next hidden message is due. Who is woken looks for himself, and calls the next when he
found something: so there is one look for each message, however many wait.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator

from ingle.model.clock import Clock
from ingle.store.queues import QueueKey


class Room:
    """Those who wait for messages of one queue."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = 0
        self.occupants = 0
        self.arrivals = 0
        self.dismissed = False

    async def wait(self, arrivals: int, next_visible_at: int | None, deadline: float) -> bool:
        """Wait until there may be something; False when `deadline` (of the loop's clock) came first.

        arrivals: the room's when the caller looked, because what came since has called nobody.
        next_visible_at: milliseconds since the epoch.
        """
        if self.dismissed:
            return False
        if self.arrivals != arrivals:
            return True
        if next_visible_at is not None:
            self.due(next_visible_at)
        called: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append(called)
        timer = self._loop.call_at(deadline, _resolve, called, False)
        try:
            return await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled() and called.result():
                self.call(1)  # it was meant for whoever waits, and this one cannot go and look
            raise
        finally:
            timer.cancel()
            with contextlib.suppress(ValueError):
                self._waiting.remove(called)

    def call(self, count: int) -> None:
        """Something is there: wake as many as there are messages."""
        self.arrivals += 1
        while count > 0 and self._waiting:
            count -= _resolve(self._waiting.popleft(), True)

    def due(self, at: int) -> None:
        """Something will be there at a moment, in milliseconds since the epoch."""
        if self._timer is not None:
            if self._due_at <= at:
                return
            self._timer.cancel()
        self._due_at = at
        # A millisecond more, because one less would be a look too early.
        delay = max(0.0, at / 1000 - self._clock.time()) + 0.001
        self._timer = self._loop.call_later(delay, self._ring)

    def dismiss(self) -> None:
        """Let everyone go without anything, and nobody wait any more."""
        self.dismissed = True
        for called in self._waiting:
            _resolve(called, False)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        self.call(1)


class Rooms:
    """The rooms of all queues. Used on the event loop only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rooms: dict[QueueKey, Room] = {}
        self._dismissed = False

    def dismiss(self) -> None:
        """The node stops: who waits gets an empty answer now, and so does who comes to wait."""
        self._dismissed = True
        for room in self._rooms.values():
            room.dismiss()

    @contextlib.contextmanager
    def enter(self, key: QueueKey) -> Iterator[Room]:
        """The queue's room, which is there as long as someone is in it."""
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(self._clock)
            room.dismissed = self._dismissed
        room.occupants += 1
        try:
            yield room
        finally:
            room.occupants -= 1
            if not room.occupants:
                room.close()
                del self._rooms[key]

    def arrived(self, key: QueueKey, count: int = 1) -> None:
        """Messages of a queue became visible, or may have."""
        room = self._rooms.get(key)
        if room is not None:
            room.call(count)

    def due(self, key: QueueKey, at: int) -> None:
        """A message of a queue becomes visible at a moment, in milliseconds since the epoch."""
        room = self._rooms.get(key)
        if room is not None:
            room.due(at)

    def left(self, key: QueueKey) -> None:
        """The queue has gone: everyone may go and see."""
        room = self._rooms.get(key)
        if room is not None:
            room.call(room.occupants)


def _resolve(called: asyncio.Future[bool], result: bool) -> bool:
    """Whether there was someone to be woken."""
    if called.done():
        return False
    called.set_result(result)
    return True
