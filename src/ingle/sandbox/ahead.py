"""Programs started ahead of need: a cold start is then a late binding, not even a fork.

For each program in use a few sandboxes are kept in which it runs already, confined, and waits for the first
byte on its channel. Whoever asks for a sandbox with that program gets one of them: limits, directories and
/tmp are put in place around the living program. One is bound once, and never comes back.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ingle.sandbox.api import Executable, Limits
from ingle.sandbox.datagrams import encode
from ingle.sandbox.live import LiveSandbox, State
from ingle.sandbox.place import PROVISIONAL, Driver, Place
from ingle.sandbox.world import World
from ingle.sandbox.zygotes import Zygotes

DISUSE = 300.0  # seconds after which half of those that nobody took are given up
MOST_PROGRAMS = 32


@dataclass
class Waiting:
    """One program that waits, with our ends of its channel and output; the caller's when it is taken."""

    sandbox: LiveSandbox
    channel: socket.socket
    output: int

    def waits(self) -> bool:
        """Whether it still does: its end may not have been told yet, but its channel knows."""
        try:
            self.channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return self.sandbox.state is State.RUNNING
        except OSError:
            return False
        return False

    def close(self) -> None:
        self.channel.close()
        os.close(self.output)


@dataclass
class Pool:
    """Those of one program. wanted: how many are kept; used_at: when one was last asked for."""

    program: str | Executable
    used_at: float
    wanted: int = 1
    ready: deque[Waiting] = field(default_factory=deque)
    starting: int = 0

    def asked(self, now: float, most: int) -> None:
        """One is asked for: where none was left, the demand is higher than was thought."""
        self.used_at = now
        if not self.ready:
            self.wanted = min(self.wanted * 2, most)

    def aged(self, now: float) -> None:
        if now - self.used_at >= DISUSE:
            self.wanted //= 2


class Ahead:
    """All pools. `idle` refills them when there is nothing better to do."""

    def __init__(self, world: World, zygotes: Zygotes, driver: Driver) -> None:
        self._world = world
        self._zygotes = zygotes
        self._driver = driver
        self._most = world.config.ahead if driver.binds_late else 0
        self._pools: dict[bytes, Pool] = {}
        self._ageing = False
        self._starting = 0  # of pools that are given up, too
        self._ending = 0
        self._closing: Callable[[], None] | None = None

    def expect(self, program: str | Executable) -> None:
        """Keep some of this program from now on, where there may be one more."""
        key = _key(program)
        if key not in self._pools and self._most > 0 and len(self._pools) < MOST_PROGRAMS:
            self._pools[key] = Pool(program, self._world.loop.now())
            self._age_later()

    def take(self, program: str | Executable, limits: Limits) -> Waiting | None:
        """One that waits, if there is one that can be given these limits."""
        if (limits.descriptors, limits.processes) != (PROVISIONAL.descriptors, PROVISIONAL.processes):
            return None
        pool = self._pools.get(_key(program))
        if pool is None:
            self.expect(program)
            return None
        pool.asked(self._world.loop.now(), self._most)
        while pool.ready:
            waiting = pool.ready.popleft()
            if waiting.waits():
                return waiting
            self._end(waiting)
        return None

    # -- keeping them

    def idle(self) -> bool:
        if self._closing is not None:
            return False
        for pool in self._pools.values():
            if len(pool.ready) + pool.starting < pool.wanted:
                pool.starting += 1
                self._starting += 1
                self._driver.take(lambda place, error, pool=pool: self._placed(pool, place))  # type: ignore[misc]  # bound now
                return True
        return False

    def _placed(self, pool: Pool, place: Place | None) -> None:
        if place is None:
            return self._not_started(pool)
        sandbox: LiveSandbox
        sandbox = LiveSandbox(self._world, self._zygotes, place, lambda *_: self._died(pool, sandbox))
        channel, far_channel = socket.socketpair()
        output, far_output = os.pipe2(os.O_CLOEXEC)
        waiting = Waiting(sandbox, channel, output)
        try:
            place.provide()
        except OSError:
            far_channel.close()
            os.close(far_output)
            self._end(waiting)
            return self._not_started(pool)
        return sandbox.launch(
            pool.program,
            far_channel.detach(),
            far_output,
            lambda error, _: self._started(pool, waiting, error),
        )

    def _started(self, pool: Pool, waiting: Waiting, error: str) -> None:
        if error:
            self._end(waiting)
            return self._not_started(pool)
        self._starting -= 1
        pool.starting -= 1
        if self._closing is not None or len(pool.ready) >= pool.wanted:
            return self._end(waiting)
        pool.ready.append(waiting)
        return None

    def _not_started(self, pool: Pool) -> None:
        """Not tried again before somebody asks for it, and is told what is wrong when it is launched."""
        self._starting -= 1
        pool.starting -= 1
        pool.wanted = 0
        self._drop(pool)
        self._check_closed()

    def _died(self, pool: Pool, sandbox: LiveSandbox) -> None:
        for waiting in tuple(pool.ready):
            if waiting.sandbox is sandbox:
                pool.ready.remove(waiting)
                self._end(waiting)

    def _age_later(self) -> None:
        if not self._ageing:
            self._ageing = True
            self._world.loop.later(DISUSE, self._age)

    def _age(self) -> None:
        self._ageing = False
        for pool in tuple(self._pools.values()):
            pool.aged(self._world.loop.now())
            self._drop(pool)
        if self._pools and self._closing is None:
            self._age_later()

    def _drop(self, pool: Pool) -> None:
        """End what the pool has too many of, and the pool when it is to have none."""
        while len(pool.ready) > pool.wanted:
            self._end(pool.ready.popleft())
        if pool.wanted == 0:
            self._pools.pop(_key(pool.program), None)

    # -- ending them

    def _end(self, waiting: Waiting) -> None:
        self._ending += 1
        waiting.close()
        waiting.sandbox.destroy(lambda *_: self._one_ended())

    def _one_ended(self) -> None:
        self._ending -= 1
        self._check_closed()

    def close(self, then: Callable[[], None]) -> None:
        """End all of them; `then()` when they are gone."""
        self._closing = then
        for pool in tuple(self._pools.values()):
            pool.wanted = 0
            self._drop(pool)
        self._check_closed()

    def _check_closed(self) -> None:
        if self._closing is not None and not self._ending and not self._starting:
            self._closing()


def _key(program: str | Executable) -> bytes:
    return program.encode() if isinstance(program, str) else encode(program)
