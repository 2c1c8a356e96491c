"""A streamed answer on its way to the caller: at the bandwidth that Lambda gives, no faster than it is taken.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html#config-rs-bandwidth
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ingle.model.invocation import Outcome, ResponseSink, function_failure

_UNTHROTTLED = 6 * 1024 * 1024  # bytes
_RATE = 2 * 1024 * 1024  # bytes a second, after those


class Bandwidth:
    """How long a stream has to wait, without a clock of its own. Times in seconds."""

    def __init__(self) -> None:
        self._sent = 0
        self._free_at = 0.0

    def wait(self, now: float, size: int) -> float:
        """Seconds from `now`, when `size` bytes were sent, until more may be."""
        throttled = max(0, self._sent + size - max(self._sent, _UNTHROTTLED))
        self._sent += size
        self._free_at = max(self._free_at, now) + throttled / _RATE
        return self._free_at - now


class StreamedAnswer:
    """`Stream` into a caller's sink. `ended` hears how it ended, as an outcome without a payload."""

    def __init__(
        self,
        sink: ResponseSink,
        request_id: str,
        resume: Callable[[], None],
        ended: Callable[[Outcome], None],
    ) -> None:
        self._sink = sink
        self._request_id = request_id
        self._resume = resume
        self._ended = ended
        self._bandwidth = Bandwidth()
        self._loop = asyncio.get_running_loop()
        self._throttled = False
        self._full = False

    def write(self, part: bytes) -> bool:
        delay = self._bandwidth.wait(self._loop.time(), len(part))
        self._full = not self._sink.write(part, self._drained)
        if delay > 0:
            self._throttled = True
            self._loop.call_later(delay, self._unthrottle)
        return not (self._full or self._throttled)

    def _unthrottle(self) -> None:
        self._throttled = False
        if not self._full:
            self._resume()

    def _drained(self) -> None:
        self._full = False
        if not self._throttled:
            self._resume()

    def end(self, error_type: str | None, error: bytes) -> None:
        if error_type is None:
            self._ended(Outcome(b""))
        else:
            payload = error or function_failure(error_type, error_type, self._request_id).payload
            self._ended(Outcome(payload, error_type))
