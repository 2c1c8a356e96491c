"""What happens to events while nobody looks: retention ends, and what was deleted gives its room back.

Nothing depends on the sweep's being punctual: readers pass over what has expired or was deleted.
"""

from __future__ import annotations

import asyncio
import logging

from ingle.model.clock import Clock
from ingle.model.errors import IngleError
from ingle.services.logs.putting import DAY
from ingle.store.logevents import LogEvents
from ingle.store.loggroups import LogGroups

_log = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds
_EXPIRY_EVERY = 60.0
_AT_ONCE = 2_000  # events of a transaction, so that nobody else waits long
_PAGES = 2_000  # 8 MB


class Sweeper:
    """A task in the background, from `start` to `close`."""

    def __init__(self, groups: LogGroups, events: LogEvents, clock: Clock) -> None:
        self._groups = groups
        self._events = events
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._expired_at = clock.monotonic() - _EXPIRY_EVERY

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._sweep_on())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> bool:
        """Once; whether there is more to do. Raises ServiceError."""
        removed = await self._events.sweep(_AT_ONCE)
        if self._clock.monotonic() - self._expired_at >= _EXPIRY_EVERY:
            self._expired_at = self._clock.monotonic()
            removed += await self.expire()
        if removed:
            await self._events.reclaim(_PAGES)
        return removed > 0

    async def expire(self) -> int:
        """Remove what groups keep no longer; how many events it were. Raises ServiceError."""
        now = int(self._clock.time() * 1_000)
        total = 0
        for group, days in await self._groups.retained():
            while removed := await self._events.expire(group, now - days * DAY, _AT_ONCE):
                total += removed
        return total

    async def _sweep_on(self) -> None:
        more = False
        while True:
            await asyncio.sleep(0.01 if more else _PAUSE)
            try:
                more = await self.sweep()
            except IngleError as error:
                more = False
                _log.error("log events could not be swept: %s", error)
