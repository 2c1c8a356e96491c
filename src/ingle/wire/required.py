"""The check of services that state nothing but which members a request needs, and say so themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingle.model.errors import CallerError

_Check = Callable[[Any, str], None]


def required_members(shape: Any, missing: Callable[[str], CallerError]) -> Callable[[dict[str, Any]], None]:
    """The check of an operation's input `shape` (a botocore shape): raises `missing(name)` for the first
    required member that is absent; one inside a list is named as the query form does: `Entry.1.Id`."""
    check = _build(shape, missing)
    return lambda params: check(params, "")


def _build(shape: Any, missing: Callable[[str], CallerError]) -> _Check:
    if shape.type_name == "structure":
        return _structure(shape, missing)
    if shape.type_name == "list" and shape.member.type_name == "structure":
        return _list(_structure(shape.member, missing), shape.member.name)
    return lambda value, path: None


def _structure(shape: Any, missing: Callable[[str], CallerError]) -> _Check:
    required = tuple(shape.required_members)
    nested = [(name, _build(member, missing)) for name, member in shape.members.items()]

    def check(value: Any, path: str) -> None:
        for name in required:
            if value.get(name) is None:
                raise missing(path + name)
        for name, check_member in nested:
            if value.get(name) is not None:
                check_member(value[name], path + name + ".")

    return check


def _list(check_member: _Check, member_name: str) -> _Check:
    def check(value: Any, path: str) -> None:
        for number, item in enumerate(value, 1):
            check_member(item or {}, f"{member_name}.{number}.")

    return check
