"""Reads JSON values into the types of the service model, compiled once per shape.

Members that the model does not have are ignored, null is absence, and a value of another type is refused
with the words of AWS's framework ("NUMBER_VALUE can not be converted to a String").
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

from ingle.wire.errors import SerializationError

Read = Callable[[Any], Any]

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_NAMES = {"integer": "an Integer", "long": "a Long", "double": "a Double", "float": "a Float"}


def parse_json(body: bytes) -> Any:
    """`body` as JSON. Raises SerializationError for broken, too deep or non-standard (NaN) JSON."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"Could not parse request body into json: {error}") from None


class Reader:
    """Compiles and keeps the readers of a service's shapes."""

    def __init__(self) -> None:
        self._reads: dict[str, Read] = {}

    def compile(self, shape: Any) -> Read:
        """The function that reads a JSON value that is not None as `shape`; raises SerializationError."""
        key = shape.name
        if key not in self._reads:
            # A shape that contains itself finds this while it is being compiled.
            self._reads[key] = lambda value: self._reads[key](value)
            self._reads[key] = self._build(shape)
        return self._reads[key]

    def members(self, members: dict[str, Any]) -> Read:
        """The function that reads a JSON object with `members` (shape by member name)."""
        plan = {
            member.serialization.get("name", name): (name, self.compile(member))
            for name, member in members.items()
        }

        def read(value: Any) -> dict[str, Any]:
            if not isinstance(value, dict):
                _refuse_as_object(value)
            params = {}
            for wire_name, item in value.items():
                entry = plan.get(wire_name)
                if entry is not None and item is not None:
                    name, read_member = entry
                    params[name] = read_member(item)
            return params

        return read

    def _build(self, shape: Any) -> Read:
        if shape.type_name == "structure":
            return self.members(shape.members)
        if shape.type_name == "list":
            return self._list(shape)
        if shape.type_name == "map":
            return self._map(shape)
        return _SCALARS[shape.type_name]

    def _list(self, shape: Any) -> Read:
        read_member = self.compile(shape.member)

        def read(value: Any) -> list[Any]:
            if isinstance(value, dict):
                _refuse_object()
            if not isinstance(value, list):
                raise SerializationError("Expected list or null")
            return [None if item is None else read_member(item) for item in value]

        return read

    def _map(self, shape: Any) -> Read:
        read_value = self.compile(shape.value)

        def read(value: Any) -> dict[str, Any]:
            if not isinstance(value, dict):
                _refuse_as_object(value)
            return {
                read_string(key): None if item is None else read_value(item) for key, item in value.items()
            }

        return read


def read_string(value: Any) -> str:
    """A string; a lone surrogate, which no encoding can store, becomes `?` as in Java."""
    if not isinstance(value, str):
        _refuse(value, "a String")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def _read_integer(kind: str) -> Read:
    def read(value: Any) -> int:
        if type(value) is int:
            return value
        # The framework cuts decimals off.
        if type(value) is float and abs(value) < 2**63:
            return int(value)
        _refuse(value, _NAMES[kind])

    return read


def _read_double(value: Any) -> float:
    # Beyond this an integer has no double; Java reads it as infinity, which every range refuses.
    if type(value) not in (int, float):
        _refuse(value, "a Double")
    return float(value) if abs(value) < 2**1023 else math.copysign(math.inf, value)


def _read_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        _refuse(value, "a Boolean")
    return value


def _read_blob(value: Any) -> bytes:
    if not isinstance(value, str):
        _refuse(value, "a Blob")
    if len(value) % 4:
        raise SerializationError(
            f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}"
        )
    try:
        return b64decode(value, validate=True)
    except ValueError:
        wrong = _NOT_BASE64.search(value)
        raise SerializationError(f"Invalid Base64 character: '{wrong[0] if wrong else '='}'") from None


def _read_timestamp(value: Any) -> datetime:
    if type(value) not in (int, float):
        _refuse(value, "milliseconds since epoch")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        _refuse(value, "milliseconds since epoch")


_SCALARS: dict[str, Read] = {
    "string": read_string,
    "character": read_string,
    "integer": _read_integer("integer"),
    "long": _read_integer("long"),
    "double": _read_double,
    "float": _read_double,
    "boolean": _read_boolean,
    "blob": _read_blob,
    "timestamp": _read_timestamp,
}


def _refuse(value: Any, wanted: str) -> NoReturn:
    if isinstance(value, list):
        raise SerializationError("Start of list found where not expected")
    if isinstance(value, dict):
        _refuse_object()
    if isinstance(value, bool):
        found = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        found = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    raise SerializationError(f"{found} can not be converted to {wanted}")


def _refuse_object() -> NoReturn:
    raise SerializationError("Start of structure or map found where not expected.")


def _refuse_as_object(value: Any) -> NoReturn:
    if isinstance(value, list):
        raise SerializationError("Start of list found where not expected")
    raise SerializationError("Expected null")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Unrecognized token '{name}'")
