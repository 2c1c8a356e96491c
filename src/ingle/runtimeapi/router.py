"""Every path of the APIs, on one screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.connection import Route
from ingle.runtimeapi.endpoints import (
    extension_error,
    extension_event_next,
    extension_register,
    init_error,
    invocation_error,
    invocation_next,
    invocation_response,
    ping,
    restore_error,
    restore_next,
    telemetry_subscribe,
)
from ingle.runtimeapi.message import ApiError, Call, Receiver

Begin = Callable[[EnvironmentApi, Call], Receiver]

_RUNTIME = "/2018-06-01"
_EXTENSIONS = "/2020-01-01"
_LOGS = "/2020-08-15"
_TELEMETRY = "/2022-07-01"

ROUTES: dict[tuple[str, str], Begin] = {
    ("GET", f"{_RUNTIME}/ping"): ping.begin,
    ("GET", f"{_RUNTIME}/runtime/invocation/next"): invocation_next.begin,
    ("POST", f"{_RUNTIME}/runtime/invocation/*/response"): invocation_response.begin,
    ("POST", f"{_RUNTIME}/runtime/invocation/*/error"): invocation_error.begin,
    ("POST", f"{_RUNTIME}/runtime/init/error"): init_error.begin,
    ("GET", f"{_RUNTIME}/runtime/restore/next"): restore_next.begin,
    ("POST", f"{_RUNTIME}/runtime/restore/error"): restore_error.begin,
    ("POST", f"{_EXTENSIONS}/extension/register"): extension_register.begin,
    ("GET", f"{_EXTENSIONS}/extension/event/next"): extension_event_next.begin,
    ("POST", f"{_EXTENSIONS}/extension/init/error"): extension_error.begin_init,
    ("POST", f"{_EXTENSIONS}/extension/exit/error"): extension_error.begin_exit,
    ("PUT", f"{_LOGS}/logs"): telemetry_subscribe.begin_logs,
    ("PUT", f"{_TELEMETRY}/telemetry"): telemetry_subscribe.begin_telemetry,
}
_PATHS = frozenset(path for _, path in ROUTES)
_INVOCATION = f"{_RUNTIME}/runtime/invocation/"


def route(api: EnvironmentApi, method: str, path: str) -> Route:
    """The endpoint for a method and path. Raises ApiError: 404 for a path, 405 for a method without one."""
    labels: dict[str, str] = {}
    if path.startswith(_INVOCATION) and path != f"{_INVOCATION}next":
        request_id, slash, verb = path[len(_INVOCATION) :].partition("/")
        if slash and request_id:
            labels["request_id"] = request_id
            path = f"{_INVOCATION}*/{verb}"
    begin = ROUTES.get((method, path))
    if begin is not None:
        return partial(begin, api), labels
    if path in _PATHS:
        raise ApiError(405, "MethodNotAllowed", f"{method} is not allowed here")
    raise ApiError(404, "NotFound", "404 page not found")
