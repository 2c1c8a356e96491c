"""One invocation, from the request to its outcome, and the limits that AWS sets on it.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ingle.model.errors import IngleError

# The two limits of the Invoke API, bytes. The runtime may answer with a little more than a request may
# hold: AWS refuses answers above 6 MB + 100 bytes, and the error says that number.
MAX_REQUEST_PAYLOAD = 6_291_456
MAX_RESPONSE_PAYLOAD = 6_291_556
MAX_CLIENT_CONTEXT = 3_583  # bytes of base64, of the X-Amz-Client-Context header
LOG_TAIL_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended, as its caller is told: HTTP 200, whether the function failed or not.

    function_error: None, or the value of `X-Amz-Function-Error`; where a stream broke off, the type of the
    error that broke it. log_tail: the last 4 KB of the log where
    the caller asked for it.
    """

    payload: bytes
    function_error: str | None = None
    log_tail: bytes | None = None


class ResponseSink(Protocol):
    """A caller who takes an answer piece by piece, as the function sends it."""

    def write(self, part: bytes, drained: Callable[[], None]) -> bool:
        """Take a piece. False: it was taken, but nothing more is wanted until `drained` is called, once."""
        ...


@dataclass(slots=True, eq=False)
class Invocation:
    """A request to run one function version once.

    `done` is called exactly once, on the event loop, with the outcome, or with the error where Ingle itself
    could not run the function. `abandoned` says that nobody waits any longer: an invocation that has not
    started yet is then not started.

    `sink` is for callers of a response stream. What was written to it is not in the outcome's payload again;
    the payload of a failed invocation says what went wrong, also in the midst of a stream.
    """

    request_id: str
    function_arn: str  # as invoked, with the qualifier
    payload: bytes
    trace_id: str
    done: Callable[[Outcome | IngleError], None]
    client_context: str | None = None  # JSON text
    cognito_identity: str | None = None  # JSON text
    wants_log_tail: bool = False
    abandoned: bool = False
    sink: ResponseSink | None = None


def function_failure(error_type: str, message: str, request_id: str | None = None) -> Outcome:
    """The outcome of a function that failed in a way that its runtime could not report itself."""
    body: dict[str, object] = {"errorType": error_type, "errorMessage": message}
    if request_id is not None:
        body["errorMessage"] = f"RequestId: {request_id} Error: {message}"
    return Outcome(json.dumps(body, separators=(",", ":")).encode(), "Unhandled")
