"""The embedded services as the edge sees them: requests are let through to the process, or refused.

Whom a request is from is said by the node, never by the request; paths that the library has for its own
tests, and the instance metadata that it imitates, do not exist here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator

from ingle.model.errors import ServiceError
from ingle.services import Caller, Streamed
from ingle.services.library.child import Child, ChildSettings, ChildUnavailable
from ingle.services.library.exchange import ExchangeFailed
from ingle.services.library.refusals import refusal
from ingle.wire.message import Request

_AT_ONCE = 64  # exchanges with the process; it works on one at a time
_WAITING = 1_024  # requests that wait for one of those; more are refused
# Said by us or by the connection, so not by whoever asks.
_NOT_PASSED = {
    "connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
_TRUSTED = "x-moto-"
_BACK_DOORS = ("/moto-api", "/latest/meta-data", "/latest/api", "/favicon.ico")
_NOT_ANSWERED = {"connection", "date", "server", "transfer-encoding"}
# What the library has and would answer with success without doing it.
_WITHHELD = {
    "cloudformation": "Ingle does not have stacks yet: create the resources one by one.",
}
_log = logging.getLogger(__name__)


class Library:
    """`StreamingService` over the process. `close` it."""

    def __init__(self, settings: ChildSettings) -> None:
        self._child = Child(settings)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._requests = 0

    @property
    def pid(self) -> int | None:
        """Of the process, where it runs."""
        return self._child.pid

    async def close(self) -> None:
        """Save the state and end the process."""
        await self._child.close()

    async def serve(
        self, name: str, request: Request, body: AsyncIterator[bytes], caller: Caller
    ) -> Streamed:
        """See `StreamingService.serve`."""
        if name in _WITHHELD:
            return refusal(name, request, 501, "NotImplementedException", _WITHHELD[name])
        if request.path.startswith(_BACK_DOORS):
            message = f"Ingle does not have the service {name} yet."
            return refusal(name, request, 501, "NotImplementedException", message)
        if self._requests >= _WAITING:
            return refusal(name, request, 503, _busy(name), "Please reduce your request rate.")
        self._requests += 1
        try:
            return await self._pass_on(name, request, body, caller)
        except (ChildUnavailable, ExchangeFailed) as error:
            _log.warning("%s %s of %s was not answered: %s", request.method, request.path, name, error)
            message = "The service is being restarted. Please try again."
            return refusal(name, request, 503, "ServiceUnavailable", message)
        finally:
            self._requests -= 1

    async def reset(self, account: str) -> None:
        """Forget all that an account has. Raises ServiceError."""
        try:
            await self._reset(account)
        except (ChildUnavailable, ExchangeFailed) as error:
            raise ServiceError(f"The embedded services were not reset: {error}") from error

    async def _reset(self, account: str) -> None:
        exchange = await self._child.connect()
        try:
            headers = [("host", "localhost"), ("content-length", "0"), ("x-ingle-account", account)]
            head = await exchange.ask("POST", "/_ingle/reset", headers, _nothing())
            if head.status != 204:
                raise ExchangeFailed(f"the library answered {head.status} to a reset")
        finally:
            exchange.close()

    async def _pass_on(
        self, name: str, request: Request, body: AsyncIterator[bytes], caller: Caller
    ) -> Streamed:
        await self._slots.acquire()
        try:
            exchange = await self._child.connect()
            try:
                target = f"{request.path}?{request.query}" if request.query else request.path
                head = await exchange.ask(request.method, target, _headers(name, request, caller), body)
            except BaseException:
                exchange.close()
                raise
        except BaseException:
            self._slots.release()
            raise
        headers = tuple((n, v) for n, v in head.headers if n.lower() not in _NOT_ANSWERED)

        def close() -> None:
            exchange.close()
            self._slots.release()

        return Streamed(head.status, headers, exchange.body(), close)


def _headers(name: str, request: Request, caller: Caller) -> list[tuple[str, str]]:
    """The request's own headers, with what it is for and who it is from as this node sees it."""
    passed = [
        (n, v)
        for n, v in request.headers.items()
        if n not in _NOT_PASSED and not n.startswith((_TRUSTED, "x-ingle-"))
    ]
    if "content-length" not in request.headers:
        chunked = "transfer-encoding" in request.headers
        passed.append(("transfer-encoding", "chunked") if chunked else ("content-length", "0"))
    passed += [("x-ingle-service", name), ("x-ingle-region", caller.region)]
    if caller.access_key_id is not None:
        passed.append(("x-ingle-access-key", caller.access_key_id))
    return passed


def _busy(name: str) -> str:
    return "SlowDown" if name == "s3" else "ThrottlingException"


async def _nothing() -> AsyncGenerator[bytes]:
    return
    yield
