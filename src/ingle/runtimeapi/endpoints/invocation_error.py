"""POST /2018-06-01/runtime/invocation/{id}/error: the function failed; the body goes to the caller.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror
"""

from __future__ import annotations

import json

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD
from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import ACCEPTED, Call, Receiver, Whole
from ingle.runtimeapi.states import Step

# Also holds an X-Ray cause, which is not for the caller.
_WITH_CAUSE = "application/vnd.aws.lambda.error.cause+json"
_FOR_CALLER = ("errorMessage", "errorType", "stackTrace")


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    session = api.session()
    session.begin_answer(call.labels["request_id"], Step.ERROR)
    error_type = call.headers.get("lambda-runtime-function-error-type") or None

    def received(body: bytes) -> None:
        if call.headers.get("content-type") == _WITH_CAUSE:
            body = _without_cause(body)
        session.answer_sent()
        call.reply(ACCEPTED)
        session.listener.failed(error_type, body)

    def cut() -> None:
        session.answer_sent()
        session.listener.truncated()

    return Whole(MAX_RESPONSE_PAYLOAD, received, cut)


def _without_cause(body: bytes) -> bytes:
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        error = None
    if not isinstance(error, dict):
        return b'"Invalid error body"'
    kept = {name: error[name] for name in _FOR_CALLER if name in error}
    return json.dumps(kept, separators=(",", ":")).encode()
