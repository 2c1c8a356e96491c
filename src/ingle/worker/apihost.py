"""The APIs that an environment serves inside its sandbox, and what its extensions mean for its phases.

An environment is idle only when every extension has asked for its next event; those that want to are told of
each invocation and of the end, for which they get time by their kind.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterable
from typing import Literal, Protocol

from ingle.model.invocation import Invocation
from ingle.runtimeapi.api import EnvironmentApi, Function
from ingle.runtimeapi.extensions import Extension
from ingle.runtimeapi.server import Server
from ingle.sandbox.api import Sandbox
from ingle.worker.companions import Companions
from ingle.worker.spec import EnvironmentSpec

PORT = 9001  # on the sandbox's loopback, as in Lambda
_SHUTDOWN_INTERNAL, _SHUTDOWN_EXTERNAL = 0.5, 2.0  # seconds

Reason = Literal["spindown", "timeout", "failure"]


class Listener(Protocol):
    """The environment."""

    def extensions_moved(self) -> None:
        """Perhaps all are idle now."""
        ...

    def extension_failed(self, error_type: str, message: str) -> None:
        """One gave up, or crashed: the environment goes with it."""
        ...


class ApiHost:
    """See the module. Serves on the sandbox's listener, or where the sandbox has no network of its own on a
    port of the host's loopback; `address` says where."""

    def __init__(self, spec: EnvironmentSpec, sandbox: Sandbox) -> None:
        function = Function(spec.function_name, spec.version, spec.handler, spec.account)
        self.api = EnvironmentApi(function, self)
        self._listener: Listener | None = None
        self._settled: asyncio.Event | None = None
        self._companions: Companions | None = None
        self._shutting_down = False
        inside = sandbox.listeners.get(PORT)
        self._own = None if inside is not None else _bind()
        listening = inside or self._own
        assert listening is not None
        self.address = "{}:{}".format(*listening.getsockname())
        self._server = Server(self.api, listening)

    def attach(self, listener: Listener) -> None:
        self._listener = listener

    @property
    def idle(self) -> bool:
        return self.api.extensions.idle

    def launched(self, names: Iterable[str], channel: socket.socket) -> None:
        """External extensions were launched; `channel`, ours from here on, tells of them."""
        for name in names:
            self.api.extensions.announce(name)
        self._companions = Companions(channel, self._ended)

    def _ended(self, name: str, status: int) -> None:
        """An extension may end when it is told to; else it has crashed, whatever its status."""
        gone = self.api.extensions.forget(name)
        if gone is not None and not self._shutting_down and self._listener is not None:
            self._listener.extension_failed("Extension.Crash", f"exit code {status}")

    def initialised(self) -> None:
        """INIT is over: no extension is taken any more."""
        self.api.extensions.close_registration()

    def invoked(self, invocation: Invocation, deadline_ms: int) -> None:
        """Tell who wants to know of an invocation."""
        if not self.api.extensions.any:
            return
        self.api.extensions.tell(
            "INVOKE",
            {
                "eventType": "INVOKE",
                "deadlineMs": deadline_ms,
                "requestId": invocation.request_id,
                "invokedFunctionArn": invocation.function_arn,
                "tracing": {"type": "X-Amzn-Trace-Id", "value": invocation.trace_id},
            },
        )

    async def shut_down(self, reason: Reason) -> None:
        """Tell who wants to know of the end, and give them their time; at once where there is nobody."""
        extensions = self.api.extensions
        if not extensions.any:
            return
        patience = _SHUTDOWN_EXTERNAL if extensions.any_external else _SHUTDOWN_INTERNAL
        deadline_ms = int((time.time() + patience) * 1_000)
        self._shutting_down = True
        extensions.tell(
            "SHUTDOWN", {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms}
        )
        self._settled = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while not extensions.idle:
                    self._settled.clear()
                    await self._settled.wait()

    def reset(self) -> None:
        """Everything inside is dead: what it registered and left unsaid is forgotten."""
        self._server.drop()
        self._drop_companions()
        self.api.extensions.clear()
        self._shutting_down = False

    def _drop_companions(self) -> None:
        if self._companions is not None:
            self._companions.close()
            self._companions = None

    def close(self) -> None:
        self._server.close()
        self._drop_companions()
        if self._own is not None:
            self._own.close()

    # `Extensions`' listener

    def extensions_moved(self) -> None:
        if self._settled is not None:
            self._settled.set()
        if self._companions is not None and self.api.extensions.registered:
            self._companions.go()
        if self._listener is not None:
            self._listener.extensions_moved()

    def extension_failed(self, extension: Extension, error_type: str) -> None:
        if self._listener is not None:
            self._listener.extension_failed(error_type, f"{extension.name}: {error_type}")


def _bind() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
