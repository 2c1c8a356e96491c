"""A runtime of Ingle's own, over the framed channel: frames become what an environment hears.

The rules of the channel are in docs/decisions/0003-framed-channel.md. A runtime that breaks one is not
trusted with another frame.
"""

from __future__ import annotations

from json.encoder import encode_basestring_ascii as quoted

from ingle.model.invocation import Invocation, Outcome
from ingle.sandbox.api import Executable, Exit, Sandbox
from ingle.worker import faults
from ingle.worker.framedstream import FramedStream
from ingle.worker.frames import (
    REQUEST_ID_BYTES,
    Frame,
    FrameType,
    Oversized,
    ProtocolError,
    invoke_frame,
    parse_log,
)
from ingle.worker.process import RuntimeProcess
from ingle.worker.runtime import Events


class FramedRuntime:
    """`Runtime` that launches `program` in `sandbox`, or takes the one that waits there, and sends it `init`
    first, an INIT frame."""

    def __init__(self, events: Events, sandbox: Sandbox, program: str | Executable, init: bytes) -> None:
        self._events = events
        self._sandbox = sandbox
        self._program = program
        self._initialised = False
        self._request_id: bytes | None = None  # of the invocation that it has
        self._stream: FramedStream | None = None
        self._stream_full = False
        self._process = RuntimeProcess(self, sandbox.take_started())
        self._process.send(init)

    async def start(self) -> None:
        await self._process.start(self._sandbox, self._program)

    def invoke(self, invocation: Invocation, deadline_ms: int) -> None:
        self._request_id = invocation.request_id.encode()
        # Written by hand: this is the path of every invocation, and what is not quoted is our own.
        meta = (
            f'{{"request_id":"{invocation.request_id}","function_arn":"{invocation.function_arn}",'
            f'"deadline_ms":{deadline_ms},"trace_id":{quoted(invocation.trace_id)}'
        )
        if invocation.client_context is not None:
            meta += f',"client_context":{quoted(invocation.client_context)}'
        if invocation.cognito_identity is not None:
            meta += f',"cognito_identity":{quoted(invocation.cognito_identity)}'
        self._process.send(invoke_frame(f"{meta}}}".encode(), invocation.payload))

    def drain_output(self) -> None:
        self._process.drain_output()

    def hold(self) -> bool:
        return self._process.hold()

    def resume(self) -> None:
        if not self._stream_full:
            self._process.resume()

    def close(self) -> None:
        self._process.close()

    # `RuntimeProcess`'s owner

    def output_received(self, data: bytes) -> None:
        self._events.output_received(data)

    @property
    def held(self) -> bool:
        return self._events.held

    def process_lost(self, exit: Exit | None, reason: str | None) -> None:
        self._events.lost(exit, reason)

    def frame_received(self, frame: Frame) -> None:
        kind, payload = frame
        if kind != FrameType.LOG and self._process.sending:
            self._process.break_off("answered before it had read the question")
        elif kind in (FrameType.RESPONSE, FrameType.ERROR):
            self._answered(kind, payload)
        elif kind == FrameType.LOG:
            self._logged(payload)
        elif kind in (FrameType.STREAM, FrameType.STREAM_END):
            assert isinstance(payload, bytes)
            self._streamed(kind, payload)
        elif self._initialised:
            self._process.break_off(f"sent a frame of type {kind} after INIT")
        else:
            self._initialised = True
            if kind == FrameType.READY:
                self._events.initialised()
            else:
                assert isinstance(payload, bytes)
                error = payload
                self._events.init_failed(faults.error_type(error), lambda _: Outcome(error, "Unhandled"))

    def _given(self, request_id: bytes) -> bool:
        """Whether it may answer that request."""
        if self._request_id is None or request_id != self._request_id:
            self._process.break_off(f"answered a request that it was not given: {request_id!r}")
            return False
        return True

    def _answered(self, kind: int, payload: bytes | Oversized) -> None:
        head = payload.head if isinstance(payload, Oversized) else payload[:REQUEST_ID_BYTES]
        if not self._given(head):
            return
        if self._stream is not None:
            self._process.break_off("answered in the midst of a stream")
            return
        self._request_id = None
        self._process.drain_output()
        if isinstance(payload, Oversized):
            outcome = faults.response_too_large(payload.length - REQUEST_ID_BYTES)
        else:
            outcome = Outcome(payload[REQUEST_ID_BYTES:], "Unhandled" if kind == FrameType.ERROR else None)
        self._events.answered(outcome, free=True)

    def _streamed(self, kind: int, payload: bytes) -> None:
        if not self._given(payload[:REQUEST_ID_BYTES]):
            return
        if self._stream is None:
            self._stream = FramedStream(self._events.stream(self._stream_drained, free=True))
        content = payload[REQUEST_ID_BYTES:]
        if kind == FrameType.STREAM:
            if not self._stream.data(content):
                self._stream_full = True
                self._process.hold()
            return
        self._request_id = None
        stream, self._stream = self._stream, None
        self._process.drain_output()
        outcome = stream.end(content)
        if outcome is not None:
            self._events.answered(outcome, free=True)

    def _stream_drained(self) -> None:
        self._stream_full = False
        if not self._events.held:
            self._process.resume()

    def _logged(self, payload: bytes | Oversized) -> None:
        if isinstance(payload, Oversized):
            self._process.drain_output()
            text = f"[a log event of {payload.length} bytes was too long to keep]"
            self._events.output_received(f"{text}\n".encode())
            return
        try:
            _, micros, text = parse_log(payload)
        except ProtocolError as error:
            self._process.break_off(str(error))
            return
        self._process.drain_output()
        self._events.logged(micros // 1_000, text)
