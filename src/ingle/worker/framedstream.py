"""An answer that a runtime of Ingle's own sends in STREAM frames."""

from __future__ import annotations

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD, Outcome
from ingle.runtimeapi.endpoints.invocation_response import MAX_STREAMED
from ingle.runtimeapi.session import Stream
from ingle.worker import faults


class FramedStream:
    """Passes pieces on to `stream`, or where the caller wants all at once (None) gathers them."""

    def __init__(self, stream: Stream | None) -> None:
        self._stream = stream
        self._parts: list[bytes] = []
        self._size = 0

    def data(self, part: bytes) -> bool:
        """Whether more is wanted at once. What is over a limit is counted and not kept."""
        self._size += len(part)
        if self._stream is not None:
            return self._size > MAX_STREAMED or self._stream.write(part)
        if self._size <= MAX_RESPONSE_PAYLOAD:
            self._parts.append(part)
        else:
            self._parts.clear()
        return True

    def end(self, error: bytes) -> Outcome | None:
        """`error`: the error object that ended it, or empty. None where the stream tells how it ended."""
        if self._stream is not None:
            if self._size > MAX_STREAMED:
                self._stream.end("Function.ResponseSizeTooLarge", b"")
            else:
                self._stream.end((faults.error_type(error) or "Runtime.Unknown") if error else None, error)
            return None
        if error:
            return Outcome(error, "Unhandled")
        if self._size > MAX_RESPONSE_PAYLOAD:
            return faults.response_too_large(self._size)
        return Outcome(b"".join(self._parts))
