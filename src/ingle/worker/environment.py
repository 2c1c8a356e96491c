"""One execution environment: Lambda's own life cycle, driven by events.

The phases and steps are the table in `ingle.model.environment`; this file gives each step its deeds. An
environment serves one invocation at a time. Its owner hears when it is free for another one.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol

from ingle.model.environment import Event, Phase, step
from ingle.model.errors import ServiceError
from ingle.model.invocation import Invocation, Outcome, function_failure
from ingle.sandbox.api import Exit, LauncherLost, Sandbox, SandboxError
from ingle.telemetry.lines import InitReport, Report, Status
from ingle.worker import faults
from ingle.worker.apihost import ApiHost, Reason
from ingle.worker.journal import Journal
from ingle.worker.launching import Program, make_runtime
from ingle.worker.runtime import Runtime
from ingle.worker.spec import EnvironmentSpec
from ingle.worker.streaming import StreamedAnswer

INIT_TIMEOUT = 10.0  # seconds: AWS's limit on INIT
_MB = 1024 * 1024
_log = logging.getLogger(__name__)


class Owner(Protocol):
    """Who an environment belongs to. Calls come on the event loop."""

    def environment_free(self, environment: Environment) -> None:
        """It can take another invocation: its phase is READY or RESET."""
        ...


class Closeable(Protocol):
    def close(self) -> None: ...


@dataclass(frozen=True)
class Equipment:
    """What an environment is made with, put together by the worker."""

    program: Program
    variables: dict[str, str]
    journal: Journal
    runtime_version: str
    apis: ApiHost | None = None  # closed with the environment
    notes: tuple[str, ...] = ()  # what the function's log is to say first
    endpoint: Closeable | None = None  # the way from inside to Ingle; closed with the environment
    cpu_quota: float | None = None  # processors that it is held to after INIT, which Lambda does not throttle


@dataclass(frozen=True)
class InitResult:
    """How an INIT ended. outcome: what its failure is to the invocation with that request id."""

    duration_ms: float
    status: Literal["success", "error", "timeout"]
    error_type: str | None = None
    outcome: Callable[[str], Outcome] | None = None


class Environment:
    """See the module. The sandbox belongs to the environment from here on."""

    def __init__(self, spec: EnvironmentSpec, equipment: Equipment, sandbox: Sandbox, owner: Owner) -> None:
        self.spec = spec
        self.phase = Phase.INIT
        self.idle_since = 0.0  # seconds of the owner's clock; the owner's to set
        self.frozen = False
        self._equipment = equipment
        self._journal = equipment.journal
        self._sandbox = sandbox
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._apis = equipment.apis
        self._runtime: Runtime | None = None
        self._runtime_free = False  # whether it takes an invocation
        self._init: asyncio.Future[InitResult] | None = None
        self._failed_init: InitResult | None = None  # how the runtime that INIT began with was lost
        self._init_started = 0.0
        self._unreported_init_ms: float | None = None
        self._invocation: Invocation | None = None
        self._answer: Outcome | None = (
            None  # to the invocation, while runtime or extensions are still at work
        )
        self._invoke_started = 0.0
        self._start_logged = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        if self._apis is not None:
            self._apis.attach(self)

    # INIT

    async def initialise(self) -> None:
        """Run INIT for at most 10 s. Ends in READY, or in RESET where the function's own INIT failed.

        Raises SandboxError where no runtime could be started: that is our fault, not the function's.
        """
        self._journal.init_start(self._equipment.runtime_version, self.spec.runtime_version_arn)
        for note in self._equipment.notes:
            self._journal.line(note)
        result = await self._start_runtime(INIT_TIMEOUT)
        if self.phase is Phase.SHUTDOWN:
            return
        if self._equipment.cpu_quota is not None:
            self._sandbox.throttle(self._equipment.cpu_quota)
        if result.status == "success":
            self.phase = step(self.phase, Event.INITIALISED)
            self._unreported_init_ms = result.duration_ms
            return
        self.phase = step(self.phase, Event.RUNTIME_LOST)
        self._report_failed_init(result, "init")
        await self._stop_runtime()

    async def _start_runtime(self, timeout: float) -> InitResult:
        """Have a runtime initialised within `timeout` seconds: the one that waits in the sandbox already, or
        one that is launched now."""
        result: asyncio.Future[InitResult] = self._loop.create_future()
        self._init = result
        self._failed_init = None
        self._init_started = time.perf_counter()
        self._runtime_free = False
        equipment = self._equipment
        self._runtime = runtime = make_runtime(
            self, self._sandbox, equipment.program, self.spec, equipment.variables, equipment.apis
        )
        try:
            async with asyncio.timeout(timeout):
                await runtime.start()
                ended = await result
                # READY and the loss of the runtime may have come in one breath: then the loss counts.
                return self._failed_init or ended
        except TimeoutError:
            return InitResult(self._init_ms(), "timeout")
        finally:
            if self._init is result:
                self._init = None

    def _init_ended(
        self,
        status: Literal["success", "error"],
        error_type: str | None = None,
        outcome: Callable[[str], Outcome] | None = None,
    ) -> None:
        if self._init is None:
            return
        result = InitResult(self._init_ms(), status, error_type, outcome)
        if status == "error" and self._failed_init is None:
            self._failed_init = result
        if not self._init.done():
            self._init.set_result(result)

    def _init_ms(self) -> float:
        return (time.perf_counter() - self._init_started) * 1_000

    def _report_failed_init(self, result: InitResult, phase: Literal["init", "invoke"]) -> None:
        assert result.status != "success"
        self._journal.init_report(InitReport(result.duration_ms, phase, result.status, result.error_type))

    # INVOKE

    def invoke(self, invocation: Invocation) -> None:
        """Run `invocation`: its `done` is called when it ends, at the latest at the function's timeout."""
        was_reset = self.phase is Phase.RESET
        self.phase = step(self.phase, Event.INVOKED)
        if self.frozen:
            self.thaw()
        self._invocation = invocation
        if invocation.wants_log_tail:
            self._journal.want_tail()
        self._start_logged = False
        self._invoke_started = time.perf_counter()
        self._deadline = self._loop.call_later(self.spec.timeout, self._timed_out)
        if was_reset:
            self._spawn(self._suppressed_init(invocation))
        else:
            self._begin(invocation)

    def _begin(self, invocation: Invocation) -> None:
        assert self._runtime is not None
        deadline_ms = int((time.time() + self.spec.timeout) * 1_000)
        self._runtime_free = False
        self._runtime.invoke(invocation, deadline_ms)
        if self._apis is not None:
            self._apis.invoked(invocation, deadline_ms)
        self._log_start(invocation)

    def _log_start(self, invocation: Invocation) -> None:
        """START, once: where INIT is repeated, it comes after that, however that ended."""
        if not self._start_logged:
            self._start_logged = True
            self._journal.start(invocation.request_id, self.spec.version)

    async def _suppressed_init(self, invocation: Invocation) -> None:
        """INIT again, inside the invocation, under the function's own timeout."""
        if self._stopping is not None:
            await self._stopping
        if self._invocation is not invocation:
            return
        try:
            result = await self._start_runtime(self.spec.timeout)
        except SandboxError as error:
            if self._invocation is invocation:
                _log.error("%s: no runtime could be started again: %s", self._sandbox.name, error)
                self._end(ServiceError(str(error)), Event.RUNTIME_LOST, "failure")
            return
        if self._invocation is not invocation:  # it timed out, or was shut down, meanwhile
            return
        if result.status == "success":
            self._begin(invocation)
        elif result.outcome is not None:
            self._report_failed_init(result, "invoke")
            self._log_start(invocation)
            outcome = result.outcome(invocation.request_id)
            self._end(outcome, Event.RUNTIME_LOST, "failure", result.error_type)

    def _timed_out(self) -> None:
        assert self._invocation is not None
        request_id = self._invocation.request_id
        text = f"Task timed out after {self.spec.timeout:.2f} seconds"
        self._drain()
        if self._init is not None:
            self._report_failed_init(InitResult(self._init_ms(), "timeout"), "invoke")
        self._log_start(self._invocation)
        self._journal.fault(request_id, text)
        outcome = function_failure("Sandbox.Timedout", text, request_id)
        self._end(outcome, Event.RUNTIME_LOST, "timeout")

    def _end(
        self,
        outcome: Outcome | ServiceError,
        event: Event,
        status: Status = "success",
        error_type: str | None = None,
    ) -> None:
        """End the invocation: tell its caller, write END and REPORT, free the environment."""
        invocation = self._invocation
        assert invocation is not None
        duration_ms = (time.perf_counter() - self._invoke_started) * 1_000
        answer, self._answer = self._answer, None
        self._invocation = None
        if self._deadline is not None:
            self._deadline.cancel()
        self.phase = step(self.phase, event)
        self._log_start(invocation)
        if not invocation.wants_log_tail and answer is None:
            # The caller need not wait for our bookkeeping, unless the log is part of the answer.
            invocation.done(outcome)
        self._journal.end(self._report(invocation.request_id, duration_ms, status, error_type))
        tail = self._journal.take_tail()
        if invocation.wants_log_tail:
            told = answer or outcome
            invocation.done(replace(told, log_tail=tail) if isinstance(told, Outcome) else told)
        if self.phase is Phase.RESET:
            self._spawn(self._free_after(self._stop_runtime("timeout" if status == "timeout" else "failure")))
        elif self.phase is Phase.READY:
            self._owner.environment_free(self)

    def _report(self, request_id: str, duration_ms: float, status: Status, error_type: str | None) -> Report:
        peak = self._sandbox.memory_peak()
        init_ms, self._unreported_init_ms = self._unreported_init_ms, None
        return Report(
            request_id=request_id,
            duration_ms=duration_ms,
            memory_size_mb=self.spec.memory_mb,
            # The kernel charges by the page and may pass the limit by a few; Lambda never reports more.
            max_memory_used_mb=None if peak is None else min(-(-peak // _MB), self.spec.memory_mb),
            init_duration_ms=init_ms,
            status=status,
            error_type=error_type,
        )

    async def _free_after(self, stopping: asyncio.Task[None]) -> None:
        await stopping
        if self.phase is Phase.RESET:
            self._owner.environment_free(self)

    # What the runtime and the extensions do

    def initialised(self) -> None:
        self._runtime_free = True
        self._settle()

    def init_failed(self, error_type: str | None, outcome: Callable[[str], Outcome]) -> None:
        self._drain()
        self._init_ended("error", error_type, outcome)

    def answered(self, outcome: Outcome, free: bool) -> None:
        invocation = self._invocation
        if invocation is None or self._answer is not None:
            return
        self._runtime_free = free
        if free and self._idle:
            self._end(outcome, Event.ANSWERED)
            return
        self._answer = outcome
        if not invocation.wants_log_tail:  # else it is told when all that belongs to the log is there
            invocation.done(outcome)

    def freed(self) -> None:
        self._runtime_free = True
        self._settle()

    def extensions_moved(self) -> None:
        self._settle()

    def extension_failed(self, error_type: str, message: str) -> None:
        if self.phase not in (Phase.SHUTDOWN, Phase.RESET):
            self._let_go_of_runtime()
            self._lost(error_type, message)

    @property
    def _idle(self) -> bool:
        return self._apis is None or self._apis.idle

    def _settle(self) -> None:
        """Go on where the last one that was waited for is done."""
        if not (self._runtime_free and self._idle):
            return
        if self._init is not None:
            if self._apis is not None:
                self._apis.initialised()
            self._init_ended("success")
        elif self._invocation is not None and self._answer is not None:
            self._end(self._answer, Event.ANSWERED)

    def stream(self, resume: Callable[[], None], free: bool) -> StreamedAnswer | None:
        invocation = self._invocation
        if invocation is None or invocation.sink is None:
            return None
        ended = partial(self._stream_ended, invocation, free)
        return StreamedAnswer(invocation.sink, invocation.request_id, resume, ended)

    def _stream_ended(self, invocation: Invocation, free: bool, outcome: Outcome) -> None:
        if self._invocation is invocation:
            self._drain()
            self.answered(outcome, free)

    def output_received(self, data: bytes) -> None:
        self._journal.output(data)
        self._hold_if_congested()

    def _hold_if_congested(self) -> None:
        runtime = self._runtime
        if self._journal.stream.congested and runtime is not None and runtime.hold():
            self._journal.stream.when_clear(partial(self._call_soon, runtime.resume))

    def _call_soon(self, callback: Callable[[], None]) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(callback)

    @property
    def held(self) -> bool:
        return self._journal.stream.congested

    def logged(self, timestamp_ms: int, text: str) -> None:
        self._journal.event(timestamp_ms, text)
        self._hold_if_congested()

    def lost(self, exit: Exit | None, reason: str | None) -> None:
        self._runtime = None
        if reason is not None:
            _log.warning("%s: its runtime %s", self._sandbox.name, reason)
        self._lost(*faults.exit_error(exit))

    def _lost(self, error_type: str, message: str) -> None:
        """The runtime is gone, and with it what it was at."""
        self._journal.flush()

        def outcome(request_id: str) -> Outcome:
            self._journal.line(f"RequestId: {request_id} Error: {message}\n{error_type}")
            return function_failure(error_type, message, request_id)

        if self._init is not None:
            self._init_ended("error", error_type, outcome)
        elif self._invocation is not None:
            request_id = self._invocation.request_id
            self._end(outcome(request_id), Event.RUNTIME_LOST, "failure", error_type)
        elif self.phase is Phase.READY:
            # It died between two invocations: the next one starts it again.
            self.phase = step(self.phase, Event.RUNTIME_LOST)
            self._stop_runtime("failure")

    def _drain(self) -> None:
        if self._runtime is not None:
            self._runtime.drain_output()

    # The freezer, and the end

    def freeze(self) -> None:
        self._sandbox.freeze()
        self.frozen = True

    def thaw(self) -> None:
        self._sandbox.thaw()
        self.frozen = False

    async def shut_down(self) -> None:
        """SHUTDOWN: without extensions Lambda gives the runtime no time (0 ms). An invocation that still
        runs ends with it. Twice is no error."""
        first = self.phase is not Phase.SHUTDOWN
        if self._invocation is not None:
            self._end(ServiceError("The execution environment was shut down."), Event.RETIRED, "failure")
        elif first:
            self.phase = step(self.phase, Event.RETIRED)
        self._let_go()
        if self._apis is not None:
            if first and self._apis.api.extensions.any:
                if self.frozen:
                    self.thaw()
                await self._apis.shut_down("spindown")
            self._apis.close()
        if self._equipment.endpoint is not None:
            self._equipment.endpoint.close()
        with contextlib.suppress(LauncherLost):  # the sandbox went with it
            await self._sandbox.destroy()
        self._journal.stream.close()

    def _stop_runtime(self, reason: Reason = "failure") -> asyncio.Task[None]:
        """Let go of the runtime now, and kill what is left in the sandbox when extensions have been told; the
        sandbox and its /tmp stay."""
        self._let_go()
        self._stopping = self._spawn(self._stop_sandbox(reason))
        return self._stopping

    async def _stop_sandbox(self, reason: Reason) -> None:
        if self._apis is not None:
            await self._apis.shut_down(reason)
        try:
            await self._sandbox.stop()
        except SandboxError as error:
            if self.phase is not Phase.SHUTDOWN:
                _log.error("%s could not be stopped: %s", self._sandbox.name, error)
        if self._apis is not None:
            self._apis.reset()

    def _let_go(self) -> None:
        self._let_go_of_runtime()
        self._init_ended("error")

    def _let_go_of_runtime(self) -> None:
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
