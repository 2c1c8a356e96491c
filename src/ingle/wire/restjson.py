"""The protocol rest-json: method and path say the operation, JSON is in the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingle.model.errors import IngleError
from ingle.wire.errors import UnknownOperation, render_error
from ingle.wire.message import Request, Response
from ingle.wire.parser import RequestParser
from ingle.wire.protocol import Parse, Serialize
from ingle.wire.reader import Reader
from ingle.wire.router import Route, Router
from ingle.wire.serializer import ResponseSerializer


class RestJson:
    """https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html"""

    def __init__(self, model: Any) -> None:
        self._reader = Reader()
        operations = [model.operation_model(name) for name in model.operation_names]
        self._router = Router(
            Route(each.name, each.http["method"], each.http["requestUri"]) for each in operations
        )
        self._exceptions = {shape.name: shape for shape in model.error_shapes}

    def match(self, request: Request) -> tuple[str, Mapping[str, str]]:
        match = self._router.match(request.method, request.path, request.query)
        if match is None:
            raise UnknownOperation
        return match.operation, match.labels

    def parser(self, operation: Any) -> Parse:
        return RequestParser(operation.input_shape, self._reader)

    def serializer(self, operation: Any) -> Serialize:
        return ResponseSerializer(operation.output_shape, int(operation.http.get("responseCode", 200)))

    def render(self, error: IngleError, request_id: str) -> Response:
        return render_error(error, request_id, self._exceptions)
