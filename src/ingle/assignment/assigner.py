"""Which environment serves an invocation: an idle one at once, else the first that becomes free or is made.

The most recently used idle environment is taken first. A request for which a new environment is started
takes a warm one that frees earlier; the new one is then idle, ready for the next request.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from ingle.assignment.pool import VersionPool, Waiting
from ingle.model.environment import Phase
from ingle.model.errors import IngleError, ServiceError, TooManyRequests
from ingle.model.invocation import Invocation
from ingle.placement.eviction import Idle, choose_victims
from ingle.worker.environment import Environment, Owner
from ingle.worker.spec import EnvironmentSpec

_CLOSE_TIMEOUT = 5.0  # seconds
_log = logging.getLogger(__name__)


class EnvironmentMaker(Protocol):
    """Makes environments: the worker."""

    async def make(self, spec: EnvironmentSpec, owner: Owner) -> Environment:
        """A new environment before its INIT. Raises IngleError."""
        ...

    async def prepare(self, runtime: str) -> None:
        """Get ready for environments of `runtime`. Raises IngleError."""
        ...


@dataclass(frozen=True)
class AssignmentSettings:
    """keep_alive: seconds that an idle environment is kept. freeze_after: seconds of grace before an idle
    one is frozen: freezing and thawing cost more than a busy function's pause between two invocations.
    memory_budget_mb: what all environments of this node may have together. start_timeout: seconds that a
    request waits for an environment at most."""

    memory_budget_mb: int
    keep_alive: float = 600.0
    freeze_after: float = 0.1
    start_timeout: float = 60.0


class Assigner:
    """All environments of this node, by function version. Runs on the event loop; owns the environments."""

    def __init__(
        self,
        maker: EnvironmentMaker,
        settings: AssignmentSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._maker = maker
        self._settings = settings
        self._clock = clock
        self._pools: dict[str, VersionPool] = {}
        # What is promised counts who is to start but not who is on the way out; what is held, the reverse.
        self._memory_promised_mb = 0
        self._memory_held_mb = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._thawed: dict[Environment, None] = {}  # idle and not frozen yet, longest idle first
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def assign(self, spec: EnvironmentSpec, invocation: Invocation) -> None:
        """Have `invocation` run in an environment of `spec`; its `done` will be called.

        Raises TooManyRequests where the node's memory holds no further environment.
        """
        if self._closing:
            raise ServiceError("The service is shutting down.")
        pool = self._pools.get(spec.key)
        if pool is None:
            pool = self._pools[spec.key] = VersionPool(spec)
        if pool.idle:
            self._run(pool, pool.idle.pop(), invocation)
            return
        self._make_room(pool)
        deadline = self._clock() + self._settings.start_timeout
        pool.waiting.append(Waiting(invocation, deadline))
        pool.starting += 1
        self._memory_promised_mb += spec.memory_mb
        starting = self._spawn(self._start(pool))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)

    async def prepare(self, runtime: str) -> None:
        """Get ready for a function of `runtime` that may be invoked soon. Raises IngleError."""
        await self._maker.prepare(runtime)

    def _run(self, pool: VersionPool, environment: Environment, invocation: Invocation) -> None:
        self._thawed.pop(environment, None)
        pool.busy.add(environment)
        environment.invoke(invocation)

    # Starting

    def _make_room(self, pool: VersionPool) -> None:
        needed = pool.spec.memory_mb
        free = self._settings.memory_budget_mb - self._memory_promised_mb
        if needed <= free:
            return
        idle = [
            Idle((other, environment), environment.spec.memory_mb, environment.idle_since)
            for other in self._pools.values()
            for environment in other.idle
        ]
        victims = choose_victims(needed, free, idle)
        if victims is None:
            if pool.empty:
                del self._pools[pool.spec.key]
            raise TooManyRequests(
                "Rate Exceeded.", "ConcurrentInvocationLimitExceeded", retry_after=1
            ) from MemoryError(f"{needed} MB wanted, {free} MB of this node's budget free")
        for other, environment in victims:
            other.idle.remove(environment)
            self._retire(other, environment)

    async def _start(self, pool: VersionPool) -> None:
        environment: Environment | None = None
        try:
            async with asyncio.timeout(self._settings.start_timeout):
                environment = await self._make(pool.spec)
                await environment.initialise()
        except (Exception, asyncio.CancelledError) as error:
            pool.starting -= 1
            self._not_started(pool, environment, error)
            return
        pool.starting -= 1
        self.environment_free(environment)

    async def _make(self, spec: EnvironmentSpec) -> Environment:
        """An environment, when those who leave have given back the memory that is promised to it."""
        while self._memory_held_mb + spec.memory_mb > self._settings.memory_budget_mb:
            await asyncio.wait(self._leaving, return_when=asyncio.FIRST_COMPLETED)
        self._memory_held_mb += spec.memory_mb
        try:
            return await self._maker.make(spec, self)
        except BaseException:
            self._memory_held_mb -= spec.memory_mb
            raise

    def _not_started(self, pool: VersionPool, environment: Environment | None, error: BaseException) -> None:
        if not self._closing:
            _log.error("no environment for %s: %s", pool.spec.key, error, exc_info=not _expected(error))
        if environment is not None:
            self._retire(pool, environment)
        else:
            self._memory_promised_mb -= pool.spec.memory_mb
        invocation = pool.next_waiting()
        if invocation is not None:
            invocation.done(_refusal(error))

    # What environments report

    def environment_free(self, environment: Environment) -> None:
        """It has ended its INIT or an invocation: the next one that waits has it, or it goes idle."""
        pool = self._pools[environment.spec.key]
        pool.busy.discard(environment)
        invocation = pool.next_waiting()
        if invocation is not None:
            self._run(pool, environment, invocation)
            return
        if pool.retired:
            self._retire(pool, environment)
            return
        environment.idle_since = self._clock()
        pool.idle.append(environment)
        self._thawed[environment] = None

    # Time

    def tick(self) -> None:
        """Freeze, retire and give up what its time has come for. Called many times a second."""
        now = self._clock()
        for environment in list(self._thawed):
            if now - environment.idle_since < self._settings.freeze_after:
                break
            del self._thawed[environment]
            if environment.phase is Phase.READY:
                environment.freeze()

    def sweep(self) -> None:
        """Retire what was idle too long, and refuse what waited too long. Called about once a second."""
        now = self._clock()
        for pool in list(self._pools.values()):
            while pool.idle and now - pool.idle[0].idle_since >= self._settings.keep_alive:
                self._retire(pool, pool.idle.pop(0))
            while pool.waiting and pool.waiting[0].deadline <= now:
                waiting = pool.waiting.popleft()
                waiting.invocation.done(ServiceError("No execution environment could be had in time."))
            if pool.empty:
                self._pools.pop(pool.spec.key, None)

    # The end of environments

    def retire_version(self, key: str) -> None:
        """The version is gone or has changed: its idle environments end now, busy ones after their work."""
        pool = self._pools.get(key)
        if pool is None:
            return
        pool.retired = True
        idle, pool.idle = pool.idle, []
        for environment in idle:
            self._retire(pool, environment)

    def _retire(self, pool: VersionPool, environment: Environment) -> None:
        self._thawed.pop(environment, None)
        self._memory_promised_mb -= environment.spec.memory_mb
        leaving = self._spawn(self._shut_down(environment))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _shut_down(self, environment: Environment) -> None:
        try:
            await environment.shut_down()
        except Exception:
            _log.exception("an environment of %s did not go", environment.spec.key)
        finally:
            self._memory_held_mb -= environment.spec.memory_mb

    async def close(self) -> None:
        """End every environment, those that are starting too; takes 5 s at most."""
        self._closing = True
        for task in self._starting:
            task.cancel()
        for pool in self._pools.values():
            for environment in [*pool.idle, *pool.busy]:
                self._retire(pool, environment)
            pool.idle, pool.busy = [], set()
            for waiting in pool.waiting:
                waiting.invocation.done(ServiceError("The service is shutting down."))
            pool.waiting.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    def environments(self) -> int:
        """How many environments there are, starting ones included."""
        return sum(len(pool.idle) + len(pool.busy) + pool.starting for pool in self._pools.values())

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _expected(error: BaseException) -> bool:
    return isinstance(error, IngleError | TimeoutError)


def _refusal(error: BaseException) -> IngleError:
    if isinstance(error, IngleError):
        return error
    return ServiceError(f"No execution environment: {error or type(error).__name__}")
