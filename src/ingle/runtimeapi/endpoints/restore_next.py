"""GET /2018-06-01/runtime/restore/next: the runtime is ready to be snapshotted (SnapStart).

No function here is restored from a snapshot yet, and Lambda has these paths for such functions only: to all
others they do not exist.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
"""

from __future__ import annotations

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import ApiError, Call, Receiver


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    raise ApiError(404, "NotFound", "404 page not found")
