"""Invoke, as an operation of the API: the general way, with everything that the service model allows.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingle.frontend.frontend import Frontend
from ingle.model.errors import IngleError, InvalidRequestContent, NotImplementedYet, RequestTooLarge
from ingle.model.function import ResolvedFunction
from ingle.model.identifiers import TRACE_HEADER, new_trace_header
from ingle.model.invocation import MAX_CLIENT_CONTEXT, MAX_REQUEST_PAYLOAD, Invocation, Outcome
from ingle.model.names import LATEST, parse_function_name

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import InvocationRequestTypeDef

TRACE_MEMBER = "X-Amzn-Trace-Id"  # in the answer, beside what the service model has


@dataclass(frozen=True)
class Asked:
    """What a request to invoke asks for, checked. kind: its invocation type. client_context: JSON text."""

    function: ResolvedFunction
    payload: bytes
    kind: str
    client_context: str | None

    @staticmethod
    async def read(frontend: Frontend, account: str, region: str, request: Mapping[str, Any]) -> Asked:
        """Raises IngleError where it is refused."""
        reference = parse_function_name(request["FunctionName"], account, region, request.get("Qualifier"))
        payload = request.get("Payload") or b""
        assert isinstance(payload, bytes)
        kind = request.get("InvocationType") or "RequestResponse"
        if len(payload) > MAX_REQUEST_PAYLOAD:
            raise RequestTooLarge(
                f"{len(payload)} byte payload is too large for the {kind} invocation type "
                f"(limit {MAX_REQUEST_PAYLOAD} bytes)"
            )
        client_context = _client_context(request.get("ClientContext"))
        return Asked(await frontend.resolve(reference), payload, kind, client_context)


def trace_of(header: str | None) -> str:
    """The tracing header that an invocation has: the caller's, where that is one, else a new one."""
    return header if header and TRACE_HEADER.fullmatch(header) else new_trace_header()


async def invoke(
    frontend: Frontend,
    account: str,
    region: str,
    request_id: str,
    trace_header: str | None,
    request: InvocationRequestTypeDef,
) -> dict[str, object]:
    """Serve Invoke for a caller of `account` and `region`; the answer has botocore's member names, and the
    tracing header as `TraceId`. Raises IngleError."""
    asked = await Asked.read(frontend, account, region, request)
    function = asked.function
    if asked.kind == "DryRun":
        return {"StatusCode": 204, "ExecutedVersion": function.version}
    if asked.kind == "Event":
        raise NotImplementedYet("Asynchronous invocation (InvocationType Event) is not available yet.")
    ended: asyncio.Future[Outcome | IngleError] = asyncio.get_running_loop().create_future()

    def done(outcome: Outcome | IngleError) -> None:
        if not ended.done():
            ended.set_result(outcome)

    trace_id = trace_of(trace_header)
    invocation = Invocation(
        request_id=request_id,
        function_arn=function.invoked_arn,
        payload=asked.payload,
        trace_id=trace_id,
        done=done,
        client_context=asked.client_context,
        wants_log_tail=request.get("LogType") == "Tail",
    )
    frontend.run(function, invocation)
    try:
        outcome = await ended
    finally:
        invocation.abandoned = True
    if isinstance(outcome, IngleError):
        raise outcome
    answer: dict[str, object] = {
        "StatusCode": 200,
        "ExecutedVersion": function.version or LATEST,
        "Payload": outcome.payload,
        TRACE_MEMBER: trace_id,
    }
    if outcome.function_error is not None:
        answer["FunctionError"] = outcome.function_error
    if outcome.log_tail is not None:
        answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return answer


def _client_context(header: str | None) -> str | None:
    """The JSON text in the X-Amz-Client-Context header."""
    if not header:
        return None
    if len(header) > MAX_CLIENT_CONTEXT:
        raise InvalidRequestContent(
            f"Client context must be no more than {MAX_CLIENT_CONTEXT} bytes when base64-encoded."
        )
    try:
        return base64.b64decode(header, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidRequestContent("Client context must be a valid Base64-encoded JSON object.") from None
