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
from json.encoder import encode_basestring_ascii as quoted
from typing import Literal, Protocol

from ingle.model.environment import Event, Phase, step
from ingle.model.errors import ServiceError
from ingle.model.invocation import Invocation, Outcome, function_failure
from ingle.sandbox.api import Executable, Exit, LauncherLost, Sandbox, SandboxError
from ingle.telemetry.lines import InitReport, Report, Status
from ingle.worker import faults
from ingle.worker.frames import (
    REQUEST_ID_BYTES,
    Frame,
    FrameType,
    Oversized,
    ProtocolError,
    init_frame,
    invoke_frame,
    parse_log,
)
from ingle.worker.journal import Journal
from ingle.worker.process import RuntimeProcess
from ingle.worker.spec import EnvironmentSpec

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

    program: str | Executable
    variables: dict[str, str]
    journal: Journal
    runtime_version: str
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
        self._process: RuntimeProcess | None = None
        self._init: asyncio.Future[InitResult] | None = None
        self._failed_init: InitResult | None = None  # how the runtime that INIT began with was lost
        self._init_started = 0.0
        self._unreported_init_ms: float | None = None
        self._invocation: Invocation | None = None
        self._invoke_started = 0.0
        self._start_logged = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # INIT

    async def initialise(self) -> None:
        """Run INIT for at most 10 s. Ends in READY, or in RESET where the function's own INIT failed.

        Raises SandboxError where no runtime could be started: that is our fault, not the function's.
        """
        self._journal.init_start(self._equipment.runtime_version, self.spec.runtime_version_arn)
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
        self._process = process = RuntimeProcess(self, self._sandbox.take_started())
        process.send(
            init_frame(
                self.spec.handler,
                self._equipment.variables,
                self.spec.log_format,
                self.spec.application_log_level,
            )
        )
        try:
            async with asyncio.timeout(timeout):
                await process.start(self._sandbox, self._equipment.program)
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
        assert self._process is not None
        # Written by hand: this is the path of every invocation, and what is not quoted is our own.
        meta = (
            f'{{"request_id":"{invocation.request_id}","function_arn":"{invocation.function_arn}",'
            f'"deadline_ms":{int((time.time() + self.spec.timeout) * 1_000)},'
            f'"trace_id":{quoted(invocation.trace_id)}'
        )
        if invocation.client_context is not None:
            meta += f',"client_context":{quoted(invocation.client_context)}'
        if invocation.cognito_identity is not None:
            meta += f',"cognito_identity":{quoted(invocation.cognito_identity)}'
        self._process.send(invoke_frame(f"{meta}}}".encode(), invocation.payload))
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

    def _answered(self, kind: int, payload: bytes | Oversized) -> None:
        """RESPONSE or ERROR came."""
        invocation = self._invocation
        head = payload.head if isinstance(payload, Oversized) else payload[:REQUEST_ID_BYTES]
        if invocation is None or self._init is not None or head != invocation.request_id.encode():
            self._break_off(f"answered a request that it was not given: {head!r}")
            return
        self._drain()
        if isinstance(payload, Oversized):
            outcome = faults.response_too_large(payload.length - REQUEST_ID_BYTES)
        else:
            outcome = Outcome(payload[REQUEST_ID_BYTES:], "Unhandled" if kind == FrameType.ERROR else None)
        self._end(outcome, Event.ANSWERED)

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
        self._invocation = None
        if self._deadline is not None:
            self._deadline.cancel()
        self.phase = step(self.phase, event)
        self._log_start(invocation)
        if not invocation.wants_log_tail:
            # The caller need not wait for our bookkeeping, unless the log is part of the answer.
            invocation.done(outcome)
        self._journal.end(self._report(invocation.request_id, duration_ms, status, error_type))
        tail = self._journal.take_tail()
        if invocation.wants_log_tail:
            invocation.done(replace(outcome, log_tail=tail) if isinstance(outcome, Outcome) else outcome)
        if self.phase is Phase.RESET:
            self._spawn(self._free_after(self._stop_runtime()))
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

    # What the runtime does: `RuntimeProcess`'s owner

    def frame_received(self, frame: Frame) -> None:
        kind, payload = frame
        if kind != FrameType.LOG and self._process is not None and self._process.sending:
            self._break_off("answered before it had read the question")
        elif kind in (FrameType.RESPONSE, FrameType.ERROR):
            self._answered(kind, payload)
        elif kind == FrameType.LOG:
            self._log_frame(payload)
        elif self._init is None or self._init.done():
            self._break_off(f"sent a frame of type {kind} after INIT")
        elif kind == FrameType.READY:
            self._init_ended("success")
        else:
            assert isinstance(payload, bytes)
            self._drain()
            self._init_ended("error", faults.error_type(payload), lambda _: Outcome(payload, "Unhandled"))

    def output_received(self, data: bytes) -> None:
        self._journal.output(data)
        self._hold_if_congested()

    def _hold_if_congested(self) -> None:
        process = self._process
        if self._journal.stream.congested and process is not None and process.hold():
            self._journal.stream.when_clear(partial(self._call_soon, process.resume))

    def _call_soon(self, callback: Callable[[], None]) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(callback)

    @property
    def held(self) -> bool:
        return self._journal.stream.congested

    def process_lost(self, exit: Exit | None, reason: str | None) -> None:
        self._process = None
        self._journal.flush()
        if reason is not None:
            _log.warning("%s: its runtime %s", self._sandbox.name, reason)
        error_type, message = faults.exit_error(exit)

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
            self._stop_runtime()

    def _break_off(self, reason: str) -> None:
        """The runtime broke the channel's rules: it is not trusted with another frame."""
        if self._process is not None:
            self._process.break_off(reason)

    def _log_frame(self, payload: bytes | Oversized) -> None:
        if isinstance(payload, Oversized):
            self._journal.line(f"[a log event of {payload.length} bytes was too long to keep]")
            return
        try:
            _, micros, text = parse_log(payload)
        except ProtocolError as error:
            self._break_off(str(error))
            return
        self._drain()
        self._journal.event(micros // 1_000, text)
        self._hold_if_congested()

    def _drain(self) -> None:
        if self._process is not None:
            self._process.drain_output()

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
        if self._invocation is not None:
            self._end(ServiceError("The execution environment was shut down."), Event.RETIRED, "failure")
        elif self.phase is not Phase.SHUTDOWN:
            self.phase = step(self.phase, Event.RETIRED)
        self._let_go()
        if self._equipment.endpoint is not None:
            self._equipment.endpoint.close()
        with contextlib.suppress(LauncherLost):  # the sandbox went with it
            await self._sandbox.destroy()
        self._journal.stream.close()

    def _stop_runtime(self) -> asyncio.Task[None]:
        """Let go of the runtime now, and kill what is left in the sandbox; the sandbox and its /tmp stay."""
        self._let_go()
        self._stopping = self._spawn(self._stop_sandbox())
        return self._stopping

    async def _stop_sandbox(self) -> None:
        try:
            await self._sandbox.stop()
        except SandboxError as error:
            if self.phase is not Phase.SHUTDOWN:
                _log.error("%s could not be stopped: %s", self._sandbox.name, error)

    def _let_go(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
        self._init_ended("error")

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
