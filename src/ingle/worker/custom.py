"""A function that brings its own runtime: its bootstrap is executed, and speaks AWS's Runtime API."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

from ingle.model.invocation import Invocation, Outcome, function_failure
from ingle.runtimeapi.extensions import MAX_EXTENSIONS
from ingle.runtimeapi.session import Event, RuntimeSession, Stream
from ingle.sandbox.api import Executable, Exit, Sandbox, SandboxError
from ingle.worker import bootstrap, companions, faults
from ingle.worker.apihost import ApiHost
from ingle.worker.bootstrap import Bootstrap
from ingle.worker.pipe import OutputPipe
from ingle.worker.runtime import Events


class CustomRuntime:
    """`Runtime` over the Runtime API that `apis` serves inside of `sandbox`."""

    def __init__(self, events: Events, sandbox: Sandbox, program: Bootstrap, apis: ApiHost) -> None:
        self._events = events
        self._sandbox = sandbox
        self._program = program
        self._apis = apis
        self._session = apis.api.runtime = RuntimeSession(self)
        self._initialised = False
        self._output: OutputPipe | None = None
        self._request_id = ""
        self._held = False

    async def start(self) -> None:
        """What is wrong with the bootstrap itself is the function's failure, and no SandboxError."""
        executable = self._program.executable
        if executable is None:
            self._refuse(self._program.fault)
            return
        extensions = self._program.extensions
        if len(extensions) > MAX_EXTENSIONS:
            self._refuse(f"Extension limit ({MAX_EXTENSIONS}) reached", "Extension.TooManyExtensions")
            return
        channel, far_channel = socket.socketpair()
        if extensions:
            executable = companions.with_extensions(executable, extensions, self._program.opt)
            self._apis.launched(extensions, channel)
        else:  # a program has a channel; this one has no use for it
            channel.close()
        try:
            await self._launch(executable, far_channel)
        finally:
            far_channel.close()

    async def _launch(self, executable: Executable, channel: socket.socket) -> None:
        mine, far_output = os.pipe()
        self._output = OutputPipe(self._events, mine)
        self._output.watch()
        try:
            self._sandbox.on_exit(self._exited)
            await self._sandbox.launch(executable, channel, far_output)
        except SandboxError as error:
            fault = bootstrap.launch_fault(self._program.path, str(error))
            if fault is None:
                self.close()
                raise
            self._refuse(fault)
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            os.close(far_output)

    def _refuse(self, fault: str, error_type: str = bootstrap.ERROR_TYPE) -> None:
        def outcome(request_id: str) -> Outcome:
            return function_failure(error_type, fault, request_id)

        self._events.init_failed(error_type, outcome)

    def invoke(self, invocation: Invocation, deadline_ms: int) -> None:
        self._request_id = invocation.request_id
        self._session.deliver(
            Event(invocation.request_id, _headers(invocation, deadline_ms), invocation.payload)
        )

    def drain_output(self) -> None:
        if self._output is not None:
            self._output.drain()

    def hold(self) -> bool:
        if self._held or self._output is None:
            return False
        self._held = True
        self._output.unwatch()
        return True

    def resume(self) -> None:
        if self._held and self._output is not None:
            self._held = False
            self._output.watch()

    def close(self) -> None:
        self._session.close()
        if self._apis.api.runtime is self._session:
            self._apis.api.runtime = None
        if self._output is not None:
            self._output.close()
            self._output = None

    def _exited(self, exit: Exit) -> None:
        if self._session.closed:
            return
        if self._output is not None:
            self._output.read()
        self.close()
        self._events.lost(exit, None)

    # `RuntimeSession`'s listener

    def ready(self) -> None:
        if self._initialised:
            self._events.freed()
        else:
            self._initialised = True
            self._events.initialised()

    def init_failed(self, error_type: str | None, error: bytes) -> None:
        kind = error_type or faults.error_type(error)
        self._events.init_failed(kind, lambda _: Outcome(error, "Unhandled"))

    def answered(self, payload: bytes) -> None:
        self._answer(Outcome(payload))

    def failed(self, error_type: str | None, error: bytes) -> None:
        if error:
            self._answer(Outcome(error, "Unhandled"))
        else:
            kind = error_type or "Runtime.Unknown"
            self._answer(function_failure(kind, kind, self._request_id))

    def refused(self, length: int) -> None:
        self._answer(faults.response_too_large(length))

    def truncated(self) -> None:
        self.failed("Runtime.TruncatedResponse", b"")

    def stream(self, content_type: str, resume: Callable[[], None]) -> Stream | None:
        return self._events.stream(resume, free=False)

    def _answer(self, outcome: Outcome) -> None:
        if not self._session.closed:
            self.drain_output()
            self._events.answered(outcome, free=False)


def _headers(invocation: Invocation, deadline_ms: int) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next"""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
        "Lambda-Runtime-Trace-Id": _one_line(invocation.trace_id),
    }
    if invocation.client_context is not None:
        headers["Lambda-Runtime-Client-Context"] = _one_line(invocation.client_context)
    if invocation.cognito_identity is not None:
        headers["Lambda-Runtime-Cognito-Identity"] = _one_line(invocation.cognito_identity)
    return headers


def _one_line(text: str) -> str:
    """A caller's text as a header: JSON may have line breaks between tokens, where a blank does as well."""
    return text.replace("\r", " ").replace("\n", " ")
