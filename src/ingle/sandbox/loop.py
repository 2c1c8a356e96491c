"""The launcher's loop: descriptors, timers and idle work, on one thread.

No asyncio here: the launcher forks, stays small, and owns every wait, each with its deadline.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
import traceback
from collections.abc import Callable

Callback = Callable[[], None]


# What is made ahead of need contends with what is needed now, for processors and for the kernel's one lock on
# cgroups: wait until the moment has passed.
QUIET = 0.003


class Timer:
    """A callback due at `when` (monotonic seconds) unless cancelled."""

    def __init__(self, when: float, callback: Callback) -> None:
        self.when = when
        self.callback: Callback | None = callback

    def cancel(self) -> None:
        self.callback = None


class Loop:
    """Runs callbacks until `stop`. `idle` is called when nothing else was ready for `QUIET` seconds; it
    returns whether it had something to do, and is called again only after that or after another event."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._clock = clock
        self._running = True
        self.idle: Callable[[], bool] = lambda: False

    def watch(self, fd: int, callback: Callback) -> None:
        """Call back whenever `fd` is readable or at its end."""
        self._selector.register(fd, selectors.EVENT_READ, callback)

    def forget(self, fd: int) -> None:
        self._selector.unregister(fd)

    def __contains__(self, fd: int) -> bool:
        return fd in self._selector.get_map()

    def later(self, seconds: float, callback: Callback) -> Timer:
        timer = Timer(self._clock() + seconds, callback)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def now(self) -> float:
        """Monotonic seconds, as timers count them."""
        return self._clock()

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        self._running = worked = True
        while self._running:
            patience = self._patience()
            quiet = worked and (patience is None or patience > QUIET)
            events = self._selector.select(QUIET if quiet else patience)
            for key, _ in events:
                # An earlier callback of this round may have closed this one's descriptor.
                if self._selector.get_map().get(key.fd) is key:
                    self._call(key.data)
            worked = self._fire() or bool(events) or (quiet and self.idle())

    @staticmethod
    def _call(callback: Callback) -> None:
        """A bug met while serving one sandbox must not end all others: it is told, and the loop goes on."""
        try:
            callback()
        except Exception:
            traceback.print_exc()

    def _patience(self) -> float | None:
        return max(0.0, self._timers[0][0] - self._clock()) if self._timers else None

    def _fire(self) -> bool:
        fired = False
        while self._timers and self._timers[0][0] <= self._clock():
            timer = heapq.heappop(self._timers)[2]
            if timer.callback is not None:
                self._call(timer.callback)
                fired = True
        return fired
