"""What is not the hot path: tells requests apart and hands each to whom it belongs.

`/_ingle/...` is Ingle's own; the rest is AWS, told apart by `ingle.edge.services`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ingle.edge.asgi import (
    BodyTooLarge,
    ClientGone,
    Receive,
    Scope,
    Send,
    body_parts,
    read_body,
    respond,
    stream,
)
from ingle.edge.identity import Defaults, identify
from ingle.edge.lambda_api import LambdaApi
from ingle.edge.services import region_of, service_of
from ingle.model.errors import NotImplementedYet
from ingle.model.quotas import CREATE_REQUEST_SIZE
from ingle.services import Services
from ingle.wire.errors import SignatureError
from ingle.wire.message import Request, Response

LocalRoute = Callable[[Request, Send], Awaitable[None]]
_LOCAL = "/_ingle/"
_SHORT = 0.1  # seconds: who waits longer for an answer may have gone in the meantime
_log = logging.getLogger(__name__)


class App:
    """The ASGI application. `local` has Ingle's own routes by the first part of their path; `services` are
    Lambda's neighbours."""

    def __init__(
        self,
        api: LambdaApi,
        local: Mapping[str, LocalRoute],
        defaults: Defaults,
        services: Services | None = None,
    ) -> None:
        self._api = api
        self._local = local
        self._defaults = defaults
        self._services = services or Services()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            await self._serve(scope, receive, send)
        except ClientGone:
            _log.debug("a client went away in the middle of its request")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        )
        if request.path.startswith(_LOCAL):
            await self._serve_local(request, send)
            return
        if await self._streamed(request, receive, send):
            return
        try:
            body = await read_body(receive, CREATE_REQUEST_SIZE)
        except BodyTooLarge:
            await self._send(send, self._api.too_large(request), close=True)
            return
        response = await self._answer(replace(request, body=body), receive)
        if response.parts is None:
            await self._send(send, response)
        else:
            sending = stream(send, response.status, response.headers.items(), response.parts)
            await _until_gone(sending, receive)

    async def _streamed(self, request: Request, receive: Receive, send: Send) -> bool:
        """Whether the request was for a service that takes bodies piece by piece; then it is answered."""
        try:
            caller = identify(request, self._defaults)
        except SignatureError:
            return False
        name = service_of(request, caller)
        service = None if name == "lambda" else self._services.streaming(name)
        if service is None:
            return False
        caller = replace(caller, region=region_of(request, caller))
        answer = await service.serve(name, request, body_parts(receive), caller)
        try:
            await stream(send, answer.status, answer.headers, answer.body)
        finally:
            answer.close()
        return True

    async def _answer(self, request: Request, receive: Receive) -> Response:
        try:
            caller = identify(request, self._defaults)
        except SignatureError as error:
            return self._api.refuse(error)
        name = service_of(request, caller)
        if name == "lambda":
            return await self._api.answer(request, caller)
        service = self._services.get(name)
        if service is None:
            return self._api.refuse(NotImplementedYet(f"Ingle does not have the service {name} yet."))
        caller = replace(caller, region=region_of(request, caller))
        return await _unless_gone(service.answer(request, caller), receive)

    async def _serve_local(self, request: Request, send: Send) -> None:
        name = unquote(request.path[len(_LOCAL) :].partition("/")[0])
        route = self._local.get(name)
        if route is None:
            body = json.dumps({"message": f"no such path: {request.path}"}).encode()
            await respond(send, 404, {"content-type": "application/json"}, body)
            return
        await route(request, send)

    @staticmethod
    async def _send(send: Send, response: Response, close: bool = False) -> None:
        headers = {**response.headers, "connection": "close"} if close else response.headers
        await respond(send, response.status, headers, response.body)


async def _unless_gone(answer: Coroutine[Any, Any, Response], receive: Receive) -> Response:
    """The answer, given up where the client goes before it is there: it may be a long poll, and a message
    must not go to who has left. Raises ClientGone."""
    answering = asyncio.ensure_future(answer)
    leaving: asyncio.Future[None] | None = None
    try:
        done, _ = await asyncio.wait({answering}, timeout=_SHORT)
        if not done:
            leaving = asyncio.ensure_future(_gone(receive))
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise ClientGone
        return answering.result()
    finally:
        answering.cancel()
        if leaving is not None:
            leaving.cancel()


async def _until_gone(sending: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Send to the end, or until the client goes: a stream of events may have no end of its own."""
    tasks = {asyncio.ensure_future(sending), asyncio.ensure_future(_gone(receive))}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
