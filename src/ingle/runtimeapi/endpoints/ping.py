"""GET /2018-06-01/ping: whether the API is there. Undocumented, and kept by AWS because clients use it."""

from __future__ import annotations

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import Answer, Call, Receiver, Whole


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    return Whole(0, lambda _: call.reply(Answer(200, b"pong", {"Content-Type": "text/plain"})))
