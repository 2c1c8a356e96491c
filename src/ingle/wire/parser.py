"""A rest-json request, read into the parameters of its operation.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html: members stand in the path, the query, the
headers and the body, where the model says; a member that is absent stays absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

from ingle.wire.errors import SerializationError
from ingle.wire.message import Request
from ingle.wire.reader import Reader, parse_json

Params = dict[str, Any]
_Text = Callable[[str], Any]


class RequestParser:
    """Reads the requests of one operation; `shape` is its input (a botocore shape) or None."""

    def __init__(self, shape: Any, reader: Reader) -> None:
        members = {} if shape is None else shape.members
        self._uri = _located(members, "uri")
        self._query = _located(members, "querystring")
        self._headers = _located(members, "header")
        self._header_maps = _located(members, "headers")
        self._payload = None if shape is None else shape.serialization.get("payload")
        self._read_body = self._body_reader(members, reader)

    def __call__(self, request: Request, labels: Mapping[str, str]) -> Params:
        """The parameters of `request`; `labels` come from the router. Raises SerializationError."""
        params: Params = {}
        if self._read_body is not None and request.body:
            params.update(self._read_body(request.body))
        for name, wire_name, shape in self._uri:
            if wire_name in labels:
                params[name] = _text_reader(shape, "iso8601")(labels[wire_name])
        if self._query and request.query:
            self._parse_query(request.query, params)
        for name, wire_name, shape in self._headers:
            value = request.headers.get(wire_name.lower())
            if value is not None:
                params[name] = _text_reader(shape, "rfc822")(value)
        for name, wire_name, _ in self._header_maps:
            found = _prefixed(request.headers, wire_name.lower())
            if found:
                params[name] = found
        return params

    def _parse_query(self, query: str, params: Params) -> None:
        given: dict[str, list[str]] = {}
        for key, value in parse_qsl(query, keep_blank_values=True):
            given.setdefault(key, []).append(value)
        for name, wire_name, shape in self._query:
            values = given.get(wire_name)
            if values is None:
                continue
            if shape.type_name == "list":
                params[name] = list(map(_text_reader(shape.member, "iso8601"), values))
            else:
                params[name] = _text_reader(shape, "iso8601")(values[0])

    def _body_reader(self, members: Mapping[str, Any], reader: Reader) -> Callable[[bytes], Params] | None:
        if self._payload is not None:
            return _payload_reader(self._payload, members[self._payload], reader)
        body = {name: member for name, member in members.items() if "location" not in member.serialization}
        if not body:
            return None
        read = reader.members(body)

        def read_object(raw: bytes) -> Params:
            value = parse_json(raw)
            return {} if value is None else read(value)

        return read_object


def _payload_reader(name: str, shape: Any, reader: Reader) -> Callable[[bytes], Params]:
    if shape.type_name == "blob":
        return lambda raw: {name: raw}
    if shape.type_name == "string":
        return lambda raw: {name: raw.decode("utf-8", "replace")}
    read = reader.compile(shape)

    def read_payload(raw: bytes) -> Params:
        value = parse_json(raw)
        return {} if value is None else {name: read(value)}

    return read_payload


def _located(members: Mapping[str, Any], location: str) -> tuple[tuple[str, str, Any], ...]:
    return tuple(
        (name, member.serialization.get("name", name), member)
        for name, member in members.items()
        if member.serialization.get("location") == location
    )


def _prefixed(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix)}


def _text_reader(shape: Any, timestamps: str) -> _Text:
    """The reader of a value in path, query or header; timestamps there are text, by default `timestamps`."""
    if shape.type_name == "timestamp":
        return _TIMESTAMPS[shape.serialization.get("timestampFormat", timestamps)]
    return _TEXTS[shape.type_name]


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SerializationError("STRING_VALUE can not be converted to an Integer") from None


def _double(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SerializationError("STRING_VALUE can not be converted to a Double") from None


def _boolean(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise SerializationError("STRING_VALUE can not be converted to a Boolean")


def _timestamp(read: Callable[[str], datetime]) -> _Text:
    def read_text(text: str) -> datetime:
        try:
            moment = read(text)
        except (ValueError, OverflowError, OSError):
            raise SerializationError(
                "STRING_VALUE can not be converted to milliseconds since epoch"
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    return read_text


_TEXTS: dict[str, _Text] = {
    "string": str,
    "integer": _integer,
    "long": _integer,
    "double": _double,
    "float": _double,
    "boolean": _boolean,
}

_TIMESTAMPS: dict[str, _Text] = {
    "iso8601": _timestamp(datetime.fromisoformat),
    "rfc822": _timestamp(parsedate_to_datetime),
    "unixtimestamp": _timestamp(lambda text: datetime.fromtimestamp(float(text), UTC)),
}
