"""Reads the fields of a query request into the types of the service model, compiled once per shape.

`grow` makes a tree of the flat names; a list is a branch whose names are numbers, whatever their order.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ingle.wire.errors import SerializationError

# A branch by name, or a leaf's text.
Tree = dict[str, Any]
_Read = Callable[[Any], Any]


def grow(fields: Mapping[str, str]) -> Tree:
    """The tree of dotted names: `Entry.1.Id` is `{"Entry": {"1": {"Id": ...}}}`.

    A name that is a leaf and a branch is refused. Raises SerializationError.
    """
    root: Tree = {}
    for name, value in fields.items():
        *branches, leaf = name.split(".")
        node: Any = root
        for branch in branches:
            node = node.setdefault(branch, {})
            if not isinstance(node, dict):
                raise SerializationError(f"The parameter {name} is malformed.")
        if leaf in node:
            raise SerializationError(f"The parameter {name} is malformed.")
        node[leaf] = value
    return root


class QueryReader:
    """Compiles and keeps the readers of a service's shapes. A reader takes a branch or a leaf."""

    def __init__(self) -> None:
        self._reads: dict[str, _Read] = {}

    def compile(self, shape: Any) -> _Read:
        """The function that reads a part of the tree as `shape`; raises SerializationError."""
        key = shape.name
        if key not in self._reads:
            # A shape that contains itself finds this while it is being compiled.
            self._reads[key] = lambda node: self._reads[key](node)
            self._reads[key] = self._build(shape)
        return self._reads[key]

    def _build(self, shape: Any) -> _Read:
        if shape.type_name == "structure":
            return self._structure(shape)
        if shape.type_name == "list":
            return self._list(shape)
        if shape.type_name == "map":
            return self._map(shape)
        return _SCALARS[shape.type_name]

    def _structure(self, shape: Any) -> _Read:
        plan = [
            (name, *_wire_name(name, member), self.compile(member)) for name, member in shape.members.items()
        ]

        def read(node: Any) -> dict[str, Any]:
            branch = _branch(node)
            params = {}
            for name, wire_name, path, read_member in plan:
                part = branch.get(wire_name)
                for step in path:
                    part = None if part is None else _branch(part).get(step)
                if part is not None:
                    params[name] = read_member(part)
            return params

        return read

    def _list(self, shape: Any) -> _Read:
        read_member = self.compile(shape.member)
        return lambda node: [] if node == "" else [read_member(part) for part in _numbered(node)]

    def _map(self, shape: Any) -> _Read:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        read_value = self.compile(shape.value)

        def read(node: Any) -> dict[str, Any]:
            entries = {}
            for part in _numbered(node):
                entry = _branch(part)
                if key_name not in entry:
                    raise SerializationError(f"A {key_name} is missing.")
                value = entry.get(value_name)
                entries[_text(entry[key_name])] = None if value is None else read_value(value)
            return entries

        return read


def _wire_name(name: str, shape: Any) -> tuple[str, tuple[str, ...]]:
    """The name under which a member stands, and what stands between it and its numbers."""
    wire_name = shape.serialization.get("name", name)
    flattened = shape.serialization.get("flattened")
    if shape.type_name == "list":
        member_name = shape.member.serialization.get("name")
        if flattened:
            return member_name or wire_name, ()
        return wire_name, (member_name or "member",)
    if shape.type_name == "map" and not flattened:
        return wire_name, ("entry",)
    return wire_name, ()


def _branch(node: Any) -> Tree:
    if not isinstance(node, dict):
        raise SerializationError("Unexpected value where a structure was expected.")
    return node


def _numbered(node: Any) -> list[Any]:
    branch = _branch(node)
    try:
        return [branch[number] for number in sorted(branch, key=int)]
    except ValueError:
        raise SerializationError("The members of a list are numbered.") from None


def _text(node: Any) -> str:
    if not isinstance(node, str):
        raise SerializationError("Unexpected structure where a value was expected.")
    return node


def _integer(node: Any) -> int:
    text = _text(node)
    try:
        return int(text)
    except ValueError:
        raise SerializationError(f"Value ({text}) is not a valid integer.") from None


def _double(node: Any) -> float:
    text = _text(node)
    try:
        return float(text)
    except ValueError:
        raise SerializationError(f"Value ({text}) is not a valid number.") from None


def _boolean(node: Any) -> bool:
    text = _text(node)
    if text not in ("true", "false"):
        raise SerializationError(f"Value ({text}) is not a valid boolean.")
    return text == "true"


def _blob(node: Any) -> bytes:
    try:
        return b64decode(_text(node), validate=True)
    except ValueError:
        raise SerializationError("A binary value is not valid Base64.") from None


def _timestamp(node: Any) -> datetime:
    text = _text(node)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SerializationError(f"Value ({text}) is not a valid timestamp.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_SCALARS: dict[str, _Read] = {
    "string": _text,
    "character": _text,
    "integer": _integer,
    "long": _integer,
    "double": _double,
    "float": _double,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}
