"""Dataclasses as JSON documents in AWS's own member names, and back.

The same document is what the store keeps and what the API answers: there is one spelling of every member.
A field `dead_letter_config` is the member `DeadLetterConfig`; where AWS spells it otherwise, the field says
so with `member("KMSKeyArn", None)`. None is left out, as AWS leaves it out.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
Document = dict[str, Any]


def member(name: str, default: object) -> Any:
    """A dataclass field whose AWS name is not its Python name in camel case."""
    return field(default=default, metadata={"member": name})


def to_document(value: object) -> Document:
    """The document of a dataclass instance."""
    return {
        name: _encode(found)
        for attribute, name, _ in members(type(value))
        if (found := getattr(value, attribute)) is not None
    }


def from_document(cls: type[T], document: Mapping[str, Any]) -> T:
    """The instance that a document describes; members that `cls` does not know are ignored.

    Raises TypeError where a member without a default is missing, ValueError for a value of no enumeration.
    """
    return cls(
        **{
            attribute: _decode(kind, document[name])
            for attribute, name, kind in members(cls)
            if document.get(name) is not None
        }
    )


def members(cls: Any) -> tuple[tuple[str, str, Any], ...]:
    """Of each field of a dataclass: attribute, AWS's name for it, and its type without `| None`."""
    return _members(cls)


@cache
def _members(cls: Any) -> tuple[tuple[str, str, Any], ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        (f.name, f.metadata.get("member", _camel_case(f.name)), _required(hints[f.name])) for f in fields(cls)
    )


def _camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _required(kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        return next(option for option in typing.get_args(kind) if option is not type(None))
    return kind


def _encode(value: Any) -> Any:
    if is_dataclass(value):
        return to_document(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, StrEnum) else value


def _decode(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        return from_document(kind, value)
    if typing.get_origin(kind) is tuple:
        return tuple(_decode(typing.get_args(kind)[0], item) for item in value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return types.MappingProxyType(dict(value)) if isinstance(value, Mapping) else value
