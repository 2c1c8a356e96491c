"""Results as the XML of the query protocol, compiled once per shape.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#response-serialization: None is left out, blobs
are base64, timestamps ISO 8601, flattened lists and maps repeat their element.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

# The inside of a value's element.
_Write = Callable[[Any], str]

# A carriage return that is not escaped comes out of every XML parser as a line feed.
_ENTITIES = {'"': "&quot;", "\r": "&#xd;"}
# What XML 1.0 cannot say at all, as in a control character that an error's text repeats.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, inner: str, *, escaped: bool = True) -> str:
    """`<name>inner</name>`; `escaped` says whether `inner` is XML already."""
    return f"<{name}>{inner if escaped else text(inner)}</{name}>" if inner else f"<{name}/>"


def text(value: str) -> str:
    """`value` as character data."""
    return escape(_UNSPEAKABLE.sub("?", value), _ENTITIES)


class XmlWriter:
    """Compiles and keeps the writers of a service's shapes."""

    def __init__(self) -> None:
        self._writes: dict[str, _Write] = {}

    def compile(self, shape: Any) -> _Write:
        """The function that writes a value of `shape` (a botocore shape) without its own element."""
        key = shape.name
        if key not in self._writes:
            # A shape that contains itself finds this while it is being compiled.
            self._writes[key] = lambda value: self._writes[key](value)
            self._writes[key] = self._build(shape)
        return self._writes[key]

    def _build(self, shape: Any) -> _Write:
        if shape.type_name == "structure":
            return self._structure(shape)
        if shape.type_name == "list":
            member_name = shape.member.serialization.get("name", "member")
            write = self.compile(shape.member)
            return lambda value: "".join(element(member_name, write(item)) for item in value)
        if shape.type_name == "map":
            entry = self._entry(shape)
            return lambda value: "".join(element("entry", entry(item)) for item in value.items())
        return _SCALARS.get(shape.type_name, lambda value: text(str(value)))

    def _structure(self, shape: Any) -> _Write:
        plan = [(name, self._member(name, member)) for name, member in shape.members.items()]

        def write(value: Mapping[str, Any]) -> str:
            return "".join(
                write_member(value[name]) for name, write_member in plan if value.get(name) is not None
            )

        return write

    def _member(self, name: str, shape: Any) -> _Write:
        """A member with its element, or elements where it is flattened."""
        wire_name = shape.serialization.get("name", name)
        if shape.serialization.get("flattened") and shape.type_name == "list":
            item_name = shape.member.serialization.get("name", wire_name)
            write_item = self.compile(shape.member)
            return lambda value: "".join(element(item_name, write_item(item)) for item in value)
        if shape.serialization.get("flattened") and shape.type_name == "map":
            entry = self._entry(shape)
            return lambda value: "".join(element(wire_name, entry(item)) for item in value.items())
        write = self.compile(shape)
        return lambda value: element(wire_name, write(value))

    def _entry(self, shape: Any) -> _Write:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        write_value = self.compile(shape.value)

        def entry(item: tuple[str, Any]) -> str:
            key, value = item
            return element(key_name, text(key)) + element(value_name, write_value(value))

        return entry


def _blob(value: Any) -> str:
    return b64encode(value if isinstance(value, bytes) else value.encode()).decode("ascii")


def _timestamp(value: datetime) -> str:
    moment = value.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


_SCALARS: dict[str, _Write] = {
    "boolean": lambda value: "true" if value else "false",
    "blob": _blob,
    "timestamp": _timestamp,
}
