"""InvokeWithResponseStream: the answer goes to the caller while the function still sends it.

https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ingle.frontend.frontend import Frontend
from ingle.frontend.operation import TRACE_MEMBER, Asked, trace_of
from ingle.model.errors import IngleError
from ingle.model.invocation import Invocation, Outcome

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import InvokeWithResponseStreamRequestTypeDef

_FULL = 256 * 1024  # bytes that wait for the caller, above which the function has to wait

StreamEvent = tuple[str, Mapping[str, Any]]  # name and members, as the service model has them


async def invoke_with_response_stream(
    frontend: Frontend,
    account: str,
    region: str,
    request_id: str,
    trace_header: str | None,
    request: InvokeWithResponseStreamRequestTypeDef,
) -> dict[str, object]:
    """Serve InvokeWithResponseStream; `EventStream` of the answer is an asynchronous iterator of events.

    Raises IngleError for what is refused before the function has sent anything.
    """
    asked = await Asked.read(frontend, account, region, request)
    if asked.kind == "DryRun":
        return {"StatusCode": 204, "ExecutedVersion": asked.function.version}
    pieces = Pieces()
    trace_id = trace_of(trace_header)
    invocation = Invocation(
        request_id=request_id,
        function_arn=asked.function.invoked_arn,
        payload=asked.payload,
        trace_id=trace_id,
        done=pieces.done,
        client_context=asked.client_context,
        wants_log_tail=request.get("LogType") == "Tail",
        sink=pieces,
    )
    frontend.run(asked.function, invocation)
    try:
        await pieces.begun()
    except BaseException:
        pieces.leave(invocation)
        raise
    return {
        "StatusCode": 200,
        "ExecutedVersion": asked.function.version,
        "EventStream": _events(pieces, invocation),
        TRACE_MEMBER: trace_id,
    }


class Pieces:
    """`ResponseSink` that a caller reads from; what waits for the caller is bounded."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._drained: Callable[[], None] | None = None
        self._outcome: Outcome | IngleError | None = None
        self._left = False
        self._news = asyncio.Event()

    def write(self, part: bytes, drained: Callable[[], None]) -> bool:
        """After the outcome, or when the caller has left, nothing is kept."""
        if self._outcome is not None or self._left:
            return True
        self._parts.append(part)
        self._size += len(part)
        self._news.set()
        if self._size <= _FULL:
            return True
        self._drained = drained
        return False

    def done(self, outcome: Outcome | IngleError) -> None:
        """The invocation has ended."""
        self._outcome = outcome
        self._news.set()

    async def begun(self) -> None:
        """Wait until there is something to tell. Raises IngleError where that is Ingle's own."""
        await self._news.wait()
        if isinstance(self._outcome, IngleError) and not self._parts:
            raise self._outcome

    async def read(self) -> bytes | None:
        """The next piece; None when there are no more."""
        while not self._parts:
            if self._outcome is not None:
                return None
            self._news.clear()
            await self._news.wait()
        part = self._parts.popleft()
        self._size -= len(part)
        if self._size <= _FULL and self._drained is not None:
            drained, self._drained = self._drained, None
            drained()
        return part

    def outcome(self) -> Outcome:
        """How it ended, once `read` has given None. Raises IngleError where Ingle could not go on."""
        if isinstance(self._outcome, IngleError):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome

    def leave(self, invocation: Invocation) -> None:
        """Nobody reads any more: the function sends the rest to nowhere."""
        invocation.abandoned = True
        self._left = True
        self._parts.clear()
        if self._drained is not None:
            drained, self._drained = self._drained, None
            drained()


async def _events(pieces: Pieces, invocation: Invocation) -> AsyncIterator[StreamEvent]:
    try:
        while (part := await pieces.read()) is not None:
            yield "PayloadChunk", {"Payload": part}
        outcome = pieces.outcome()
        if outcome.function_error is None and outcome.payload:
            yield "PayloadChunk", {"Payload": outcome.payload}
        yield "InvokeComplete", _complete(outcome)
    finally:
        pieces.leave(invocation)


def _complete(outcome: Outcome) -> dict[str, str]:
    members = {}
    if outcome.function_error is not None:
        members["ErrorCode"] = outcome.function_error
        members["ErrorDetails"] = outcome.payload.decode("utf-8", "replace")
    if outcome.log_tail is not None:
        members["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return members
