"""A result, written as the rest-json answer of its operation.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html: None is left out, blobs are base64,
timestamps are seconds since the epoch, and members stand where the model says.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingle.wire.message import Response

_JSON = "application/json"
_EVENT_STREAM = "application/vnd.amazon.eventstream"


class ResponseSerializer:
    """Writes the answers of one operation: `shape` is its output or None, `status` the modelled one."""

    def __init__(self, shape: Any, status: int) -> None:
        self._status = status
        members = {} if shape is None else shape.members
        self._payload = None if shape is None else shape.serialization.get("payload")
        self._headers: list[tuple[str, str]] = []
        self._status_member: str | None = None
        self._body: dict[str, Any] = {}
        for name, member in members.items():
            location = member.serialization.get("location")
            if location == "header":
                self._headers.append((name, member.serialization.get("name", name)))
            elif location == "statusCode":
                self._status_member = name
            elif location is None:
                self._body[name] = member
        # An output without members, or one with members in the body, is an object; one whose members all
        # stand elsewhere has no body.
        self._writes_object = shape is not None and (bool(self._body) or not members)

    def __call__(self, result: Mapping[str, Any], request_id: str) -> Response:
        """The answer for `result`, whose keys are the members of the output shape."""
        status = self._status
        if self._status_member is not None and result.get(self._status_member) is not None:
            status = result[self._status_member]
        body, content_type = self._write_body(result, status)
        headers = {"x-amzn-RequestId": request_id}
        if content_type is not None:
            headers["Content-Type"] = content_type
        for name, wire_name in self._headers:
            value = result.get(name)
            if value is not None:
                headers[wire_name] = _header(value)
        return Response(status, headers, body)

    def _write_body(self, result: Mapping[str, Any], status: int) -> tuple[bytes, str | None]:
        if status == 204:
            return b"", None
        if self._payload is None:
            if not self._writes_object:
                return b"", None
            document = {
                member.serialization.get("name", name): to_json(member, result[name])
                for name, member in self._body.items()
                if result.get(name) is not None
            }
            return _dump(document), _JSON
        shape = self._body[self._payload]
        value = result.get(self._payload)
        if shape.serialization.get("eventstream"):
            return b"", _EVENT_STREAM
        if value is None:
            return b"", _JSON
        if isinstance(value, bytes):
            return value, _JSON
        if isinstance(value, str):
            return value.encode(), _JSON
        return _dump(to_json(shape, value)), _JSON


def to_json(shape: Any, value: Any) -> Any:
    """`value` of `shape` as what `json.dumps` takes. Raises KeyError for a member that it has not."""
    kind = shape.type_name
    if kind == "structure":
        return {
            shape.members[name].serialization.get("name", name): to_json(shape.members[name], item)
            for name, item in value.items()
            if item is not None
        }
    if kind == "list":
        return [to_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: to_json(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return b64encode(value if isinstance(value, bytes) else value.encode()).decode("ascii")
    if kind == "timestamp" and isinstance(value, datetime):
        return _epoch(value)
    return value


def _epoch(moment: datetime) -> float | int:
    seconds = round(moment.timestamp(), 3)
    return int(seconds) if seconds.is_integer() else seconds


def _header(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _dump(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
