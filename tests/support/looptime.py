"""An event loop whose time is moved by hand: nothing that waits for a deadline makes a test wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

_TURNS = 50  # of the loop, after which all that could happen without time passing has happened


class HandLoop(asyncio.SelectorEventLoop):
    """`time()` stands still but for `advance`."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    async def advance(self, seconds: float) -> None:
        """Let time pass, deadline by deadline, and everything happen that it brings about."""
        end = self._now + seconds
        await settle()
        while (due := self._next_deadline()) is not None and due <= end:
            self._now = max(self._now, due)
            await settle()
        self._now = end
        await settle()

    def _next_deadline(self) -> float | None:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return min((timer.when() for timer in timers if not timer.cancelled()), default=None)


async def settle() -> None:
    """Let the loop turn until everything has happened that waits for no time."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def advance(seconds: float) -> None:
    """`HandLoop.advance` of the running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HandLoop)
    await loop.advance(seconds)


def by_hand(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a `HandLoop`."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=HandLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
