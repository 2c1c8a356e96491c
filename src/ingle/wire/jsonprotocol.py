"""The protocols json 1.0 and 1.1: one path, the operation in `X-Amz-Target`, JSON both ways.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html. A service that spoke the query protocol once
says the code that its old clients know in `x-amzn-query-error`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ingle.model.errors import IngleError
from ingle.wire.departures import Departures
from ingle.wire.errors import UnknownTarget
from ingle.wire.message import Request, Response
from ingle.wire.protocol import Parse, Serialize, fault, query_code
from ingle.wire.reader import Reader, parse_json
from ingle.wire.serializer import to_json

_FRAMEWORK = "com.amazon.coral.service"


class Json:
    """`model` is botocore's service model."""

    def __init__(self, model: Any, own: Departures) -> None:
        metadata = model.metadata
        self._prefix = f"{metadata['targetPrefix']}."
        self._content_type = f"application/x-amz-json-{metadata['jsonVersion']}"
        self._query_compatible = "awsQueryCompatible" in metadata
        self._names = frozenset(model.operation_names)
        self._exceptions = {shape.name: shape for shape in model.error_shapes}
        self._own = own
        self._reader = Reader()

    def match(self, request: Request) -> tuple[str, Mapping[str, str]]:
        name = request.headers.get("x-amz-target", "").removeprefix(self._prefix)
        if name not in self._names:
            raise UnknownTarget
        return name, {}

    def parser(self, operation: Any) -> Parse:
        shape = operation.input_shape
        read = (lambda value: {}) if shape is None else self._reader.compile(shape)

        def parse(request: Request, labels: Mapping[str, str]) -> dict[str, Any]:
            value = parse_json(request.body) if request.body else None
            return {} if value is None else read(value)

        return parse

    def serializer(self, operation: Any) -> Serialize:
        shape = operation.output_shape

        def serialize(result: Mapping[str, Any], request_id: str) -> Response:
            # An operation without an output has no body at all, as AWS answers.
            body = b"" if shape is None else _dump(to_json(shape, result))
            return Response(200, self._headers(request_id), body)

        return serialize

    def render(self, error: IngleError, request_id: str) -> Response:
        shape = self._exceptions.get(error.code)
        headers = {**self._headers(request_id), **error.headers}
        if self._query_compatible:
            code = query_code(error, shape, self._own.query_codes)
            headers["x-amzn-query-error"] = f"{code};{fault(error)}"
        document: dict[str, Any] = {"__type": self._type(error.code, shape), "message": error.message}
        document.update((name, value) for name, value in error.fields.items() if value is not None)
        return Response(error.status, headers, _dump(document))

    def _type(self, code: str, shape: Any) -> str:
        if self._own.error_namespace is None:
            return code
        return f"{_FRAMEWORK if shape is None else self._own.error_namespace}#{code}"

    def _headers(self, request_id: str) -> dict[str, str]:
        return {"x-amzn-RequestId": request_id, "Content-Type": self._content_type}


def _dump(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
