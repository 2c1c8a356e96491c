"""GET /2020-01-01/extension/event/next: the extension is done with its last event, and waits for another.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-api-next
"""

from __future__ import annotations

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import Call, Receiver, Whole


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    extension = api.extension(call)
    return Whole(0, lambda _: api.extensions.next(extension, call))
