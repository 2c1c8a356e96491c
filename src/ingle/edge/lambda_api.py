"""Lambda's API over HTTP: the service model parses and checks, a handler answers, the model writes.

Whatever a handler raises becomes an answer: AWS's errors as they are, all else a ServiceException, logged.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.edge.identity import Caller
from ingle.model.errors import IngleError, NotImplementedYet, RequestEntityTooLarge, ServiceError
from ingle.model.identifiers import new_request_id
from ingle.model.quotas import CREATE_REQUEST_SIZE
from ingle.wire.message import Request, Response
from ingle.wire.service import Service

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """One call of an operation, parsed and valid by the service model."""

    operation: str
    caller: Caller
    request_id: str
    headers: Mapping[str, str]
    params: dict[str, Any]


Handler = Callable[[Call], Awaitable[Mapping[str, Any]]]


class LambdaApi:
    """Answers requests to Lambda. `handlers` has those operations that there are; others answer 501."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._service = Service.load("lambda")
        self._handlers = handlers

    async def answer(self, request: Request, caller: Caller) -> Response:
        """The answer to any request; never raises but for cancellation."""
        request_id = new_request_id()
        try:
            operation, labels = self._service.route(request.method, request.path, request.query)
            params = operation.parse(request, labels)
            handler = self._handlers.get(operation.name)
            if handler is None:
                raise NotImplementedYet(f"Ingle does not have the operation {operation.name} yet.")
            result = await handler(Call(operation.name, caller, request_id, request.headers, params))
            return operation.serialize(result, request_id)
        except IngleError as error:
            if isinstance(error, ServiceError):
                _log.error("%s %s failed: %s", request.method, request.path, error, exc_info=error)
            return self._service.render(error, request_id)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return self._service.render(ServiceError("An internal error occurred."), request_id)

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


def http_response(response: Response, date: bytes) -> bytes:
    """A response as the bytes of HTTP/1.1, for the hot path."""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Error')}", f"date: {date.decode()}"]
    lines += [f"{name.lower()}: {value}" for name, value in response.headers.items()]
    lines.append(f"content-length: {len(response.body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body


_REASONS = {
    400: "Bad Request",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
