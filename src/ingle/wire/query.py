"""The query protocol: `Action=...` and the members as `Name.1.Member=value`, in a form or a URL; XML answers.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl

from ingle.model.errors import IngleError
from ingle.wire.departures import Departures, QueryNames
from ingle.wire.errors import InvalidAction, SerializationError, UnknownTarget
from ingle.wire.message import Request, Response
from ingle.wire.protocol import Parse, Serialize, fault, query_code
from ingle.wire.queryreader import QueryReader, grow
from ingle.wire.xmlwriter import XmlWriter, element

_FIELDS_BOUND = 10_000  # a form has a field for each member; AWS's largest has some hundreds


class Query:
    """`model` is botocore's service model in its query form."""

    def __init__(self, model: Any, own: Departures) -> None:
        self._namespace = model.metadata["xmlNamespace"]
        self._names = frozenset(model.operation_names)
        self._exceptions = {shape.name: shape for shape in model.error_shapes}
        self._own = own
        self._reader = QueryReader()
        self._writer = XmlWriter()

    def match(self, request: Request) -> tuple[str, Mapping[str, str]]:
        """The form's fields are the labels."""
        fields = form_fields(request)
        action = fields.get("Action")
        if action is None:
            raise UnknownTarget
        if action not in self._names:
            raise InvalidAction(action)
        return action, fields

    def parser(self, operation: Any) -> Parse:
        shape = operation.input_shape
        if shape is None:
            return lambda request, fields: {}
        read = self._reader.compile(shape)
        return lambda request, fields: read(grow(fields))

    def serializer(self, operation: Any) -> Serialize:
        shape, name = operation.output_shape, operation.name
        write = None if shape is None else self._writer.compile(shape)

        def serialize(result: Mapping[str, Any], request_id: str) -> Response:
            inner = "" if write is None else element(f"{name}Result", write(result))
            return self._answer(200, f"{name}Response", inner + _metadata(request_id), request_id)

        return serialize

    def render(self, error: IngleError, request_id: str) -> Response:
        if isinstance(error, UnknownTarget):
            return Response(404, {"x-amzn-RequestId": request_id}, b"<UnknownOperationException/>\n")
        code = query_code(error, self._exceptions.get(error.code), self._own.query_codes)
        text = self._own.query_texts.get(error.code, error.message)
        said = element("Type", fault(error)) + element("Code", code, escaped=False)
        said += element("Message", text, escaped=False) + "<Detail/>"
        inner = element("Error", said) + element("RequestId", request_id)
        return self._answer(error.status, "ErrorResponse", inner, request_id, error.headers)

    def _answer(
        self, status: int, name: str, inner: str, request_id: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        document = f'<?xml version="1.0"?><{name} xmlns="{self._namespace}">{inner}</{name}>'
        sent = {"x-amzn-RequestId": request_id, "Content-Type": "text/xml", **(headers or {})}
        return Response(status, sent, document.encode())


def form_fields(request: Request) -> dict[str, str]:
    """The fields of the URL and of the form in the body. Raises SerializationError for text that is no form.

    A client that sends a field twice means the first, as in AWS's framework.
    """
    try:
        body = request.body.decode("utf-8") if request.body else ""
        pairs = parse_qsl(request.query, keep_blank_values=True, max_num_fields=_FIELDS_BOUND)
        pairs += parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS_BOUND)
    except ValueError as error:
        raise SerializationError(f"The query string is malformed: {error}") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def as_query(document: Mapping[str, Any], names: QueryNames) -> dict[str, Any]:
    """A model's document of another protocol in its query form: with `names` where they belong."""
    form = deepcopy(dict(document))
    form["metadata"] = {**form["metadata"], "protocol": "query", "xmlNamespace": names.namespace}
    for operation, description in form["operations"].items():
        if "output" in description:
            description["output"]["resultWrapper"] = f"{operation}Result"
    shapes = form["shapes"]
    for name, member in names.list_members.items():
        shapes[name]["member"]["locationName"] = member
    for name, (key, value) in names.map_entries.items():
        shapes[name]["key"]["locationName"] = key
        shapes[name]["value"]["locationName"] = value
    for (structure, member), location in names.members.items():
        shapes[structure]["members"][member]["locationName"] = location
    # What the JSON form marks at the member, the query form needs at the list or map itself.
    for shape in shapes.values():
        for member in shape.get("members", {}).values():
            if member.pop("flattened", False):
                shapes[member["shape"]]["flattened"] = True
    return form


def _metadata(request_id: str) -> str:
    return element("ResponseMetadata", element("RequestId", request_id))
