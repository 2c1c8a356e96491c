"""POST /2018-06-01/runtime/init/error: the runtime cannot start the function.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror
"""

from __future__ import annotations

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD
from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import ACCEPTED, Call, Receiver, Whole


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    session = api.session()
    session.fail_init()
    error_type = call.headers.get("lambda-runtime-function-error-type") or None

    def received(body: bytes) -> None:
        call.reply(ACCEPTED)
        session.listener.init_failed(error_type, body)

    return Whole(MAX_RESPONSE_PAYLOAD, received)
