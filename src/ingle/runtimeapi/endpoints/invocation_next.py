"""GET /2018-06-01/runtime/invocation/next: the runtime is ready, and waits for an event.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next
"""

from __future__ import annotations

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import Call, Receiver, Whole


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    session = api.session()
    return Whole(0, lambda _: session.next(call))
