"""PUT /2022-07-01/telemetry and PUT /2020-08-15/logs: an extension wants what is logged sent to it.

Nothing can be sent into a sandbox's network from here yet, so nobody is subscribed. The answer says so in
the words of AWS's own Runtime Interface Emulator: 202, so that extensions live on, with an error type.
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

from __future__ import annotations

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import Call, Receiver, Whole, answer_json

_MAX_BODY = 65_536  # bytes


def begin_telemetry(api: EnvironmentApi, call: Call) -> Receiver:
    return _begin(api, call, "Telemetry")


def begin_logs(api: EnvironmentApi, call: Call) -> Receiver:
    return _begin(api, call, "Logs")


def _begin(api: EnvironmentApi, call: Call, name: str) -> Receiver:
    api.extension(call)
    document = {"errorMessage": f"{name} API is not supported", "errorType": f"{name}.NotSupported"}
    return Whole(_MAX_BODY, lambda _: call.reply(answer_json(202, document)))
