"""POST /2020-01-01/extension/init/error and /exit/error: an extension cannot start, or cannot go on.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-init-error
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-exit-error
"""

from __future__ import annotations

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.extensions import Step
from ingle.runtimeapi.message import ACCEPTED, ApiError, Call, Receiver, Whole

_HEADER = "Lambda-Extension-Function-Error-Type"
_MAX_BODY = 1_048_576  # bytes; Lambda reads no more of it than its type, which is in the header


def begin_init(api: EnvironmentApi, call: Call) -> Receiver:
    return _begin(api, call, Step.INIT_ERROR)


def begin_exit(api: EnvironmentApi, call: Call) -> Receiver:
    return _begin(api, call, Step.EXIT_ERROR)


def _begin(api: EnvironmentApi, call: Call, step: Step) -> Receiver:
    extension = api.extension(call)
    error_type = call.headers.get(_HEADER.lower(), "")
    if not error_type:
        raise ApiError(403, "Extension.MissingHeader", f"{_HEADER} not found")

    def received(body: bytes) -> None:
        api.extensions.fail(extension, step, error_type)
        call.reply(ACCEPTED)

    return Whole(_MAX_BODY, received)
