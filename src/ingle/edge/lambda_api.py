"""Lambda's API over HTTP: the service model parses and checks, a handler answers, the model writes.

Whatever a handler raises becomes an answer: AWS's errors as they are, all else a ServiceException, logged.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from ingle.controlplane.handlers import Handlers, RequestContext
from ingle.edge.identity import Caller
from ingle.frontend.operation import TRACE_MEMBER
from ingle.model.errors import IngleError, RequestEntityTooLarge, ServiceError
from ingle.model.identifiers import new_request_id
from ingle.model.quotas import CREATE_REQUEST_SIZE
from ingle.wire.eventstream import encode_exception
from ingle.wire.message import Request, Response
from ingle.wire.service import Operation, Service

_log = logging.getLogger(__name__)


class LambdaApi:
    """Answers requests to Lambda. An operation without a handler answers 501."""

    def __init__(self, handlers: Handlers) -> None:
        self._service = Service.load("lambda")
        self._handlers = handlers

    async def answer(self, request: Request, caller: Caller) -> Response:
        """The answer to any request; never raises but for cancellation."""
        request_id = new_request_id()
        try:
            operation, labels = self._service.route(request.method, request.path, request.query)
            params = operation.parse(request, labels)
            context = _context(request, caller, request_id)
            result = await self._handlers.call(operation.name, context, params)
            response = operation.serialize(result, request_id)
            if TRACE_MEMBER in result:
                # What Lambda says with every payload, beside what the service model has.
                further = {"X-Amzn-Trace-Id": result[TRACE_MEMBER], "X-Amzn-Remapped-Content-Length": "0"}
                response = replace(response, headers={**response.headers, **further})
            if "EventStream" in result:
                return replace(response, parts=self._frames(operation, result["EventStream"]))
            return response
        except IngleError as error:
            if isinstance(error, ServiceError):
                _log.error("%s %s failed: %s", request.method, request.path, error, exc_info=error)
            return self._service.render(error, request_id)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return self._service.render(ServiceError("An internal error occurred."), request_id)

    async def _frames(
        self, operation: Operation, events: AsyncIterator[tuple[str, Mapping[str, Any]]]
    ) -> AsyncIterator[bytes]:
        """The events of an answer as they go over the wire; an error among them ends it as AWS's do."""
        try:
            async for name, members in events:
                yield operation.encode_event(name, members)
        except IngleError as error:
            _log.error("%s broke off: %s", operation.name, error)
            yield encode_exception(error.code, error.message)

    def render_hot(self, error: IngleError, request_id: str, date: bytes) -> bytes:
        """`error` as the bytes of a whole HTTP response, for the hot path."""
        return _http_response(self._service.render(error, request_id), date)

    def refuse(self, error: IngleError, request_id: str | None = None) -> Response:
        """`error` as Lambda's answer to a request that got no further than the edge."""
        return self._service.render(error, request_id or new_request_id())

    def too_large(self, request: Request) -> Response:
        """The answer to a request whose body is over the limit."""
        try:
            operation, _ = self._service.route(request.method, request.path, request.query)
            name = "InvokeFunction" if operation.name == "Invoke" else operation.name
        except IngleError as error:
            return self.refuse(error)
        return self.refuse(
            RequestEntityTooLarge(
                f"Request must be smaller than {CREATE_REQUEST_SIZE} bytes for the {name} operation"
            )
        )


def _context(request: Request, caller: Caller, request_id: str) -> RequestContext:
    return RequestContext(
        account=caller.account,
        region=caller.region,
        request_id=request_id,
        endpoint=f"http://{request.headers.get('host', 'localhost')}",
        access_key_id=caller.access_key_id,
        trace_header=request.headers.get("x-amzn-trace-id"),
    )


def _http_response(response: Response, date: bytes) -> bytes:
    """A response as the bytes of HTTP/1.1, for the hot path."""
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}", f"date: {date.decode()}"]
    lines += [f"{name.lower()}: {value}" for name, value in response.headers.items()]
    lines.append(f"content-length: {len(response.body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body
