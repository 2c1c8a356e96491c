"""What is not the hot path: tells requests apart and hands each to whom it belongs.

`/_ingle/...` is Ingle's own; the rest is AWS, told apart by the signature's service name. A request without
a signature is Lambda's, because nothing else is here yet.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

from ingle.edge.asgi import BodyTooLarge, ClientGone, Receive, Scope, Send, read_body, respond
from ingle.edge.identity import Defaults, identify
from ingle.edge.lambda_api import LambdaApi
from ingle.model.errors import NotImplementedYet
from ingle.model.quotas import CREATE_REQUEST_SIZE
from ingle.wire.errors import SignatureError
from ingle.wire.message import Request, Response

LocalRoute = Callable[[Request, Send], Awaitable[None]]
_LOCAL = "/_ingle/"
_log = logging.getLogger(__name__)


class App:
    """The ASGI application. `local` has Ingle's own routes by the first part of their path."""

    def __init__(self, api: LambdaApi, local: Mapping[str, LocalRoute], defaults: Defaults) -> None:
        self._api = api
        self._local = local
        self._defaults = defaults

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
        try:
            body = await read_body(receive, CREATE_REQUEST_SIZE)
        except BodyTooLarge:
            await self._send(send, self._api.too_large(request), close=True)
            return
        await self._send(send, await self._answer(request, body))

    async def _answer(self, request: Request, body: bytes) -> Response:
        try:
            caller = identify(request, self._defaults)
        except SignatureError as error:
            return self._api.refuse(error)
        if caller.service not in (None, "lambda"):
            return self._api.refuse(
                NotImplementedYet(f"Ingle does not have the service {caller.service} yet.")
            )
        whole = Request(request.method, request.path, request.query, request.headers, body)
        return await self._api.answer(whole, caller)

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
