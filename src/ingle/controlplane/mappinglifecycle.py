"""What happens to event source mappings in the background: they arrive at the state they are on the way to.

As with functions, the queue is the table itself: a node that was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace

from ingle.model.clock import Clock
from ingle.model.mappings import EventSourceMapping, settled
from ingle.store.mappings import EventSourceMappings

_log = logging.getLogger(__name__)

BATCH = 100  # mappings that are settled in one transaction
RETRY_SECONDS = 5.0  # after the store failed


class MappingLifecycle:
    """Ends the transitions of event source mappings. `start` after the store, `close` before it."""

    def __init__(self, mappings: EventSourceMappings, clock: Clock) -> None:
        self._mappings = mappings
        self._clock = clock
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with what an earlier life left unfinished."""
        self._work.set()
        self._task = asyncio.create_task(self._run(), name="mapping-lifecycle")

    def wake(self) -> None:
        """There is a mapping to settle."""
        self._work.set()

    async def close(self) -> None:
        """Stop; what is unfinished stays so in the store. Twice is no error."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def settle_all(self) -> None:
        """End every transition that the store knows of. Raises ServiceError."""
        while unsettled := await self._mappings.unsettled(BATCH):
            await self._mappings.settle([mapping.key for mapping in unsettled], self._settled)

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self.settle_all()
            except Exception:  # whatever it is, the next mappings are to be settled as well
                _log.exception("event source mappings could not be settled; it is tried again")
                self._work.set()
                await asyncio.sleep(RETRY_SECONDS)

    def _settled(self, mapping: EventSourceMapping) -> EventSourceMapping:
        return replace(mapping, state=settled(mapping), last_modified=round(self._clock.time(), 3))
