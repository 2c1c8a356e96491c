"""What stands right of a comparison (a number, a text with wildcards, a regex), and what it holds for."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from ingle.services.logs.errors import InvalidParameter

# Takes a text or a number.
Test = Callable[[str | int | float], bool]

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
_SUPPORTED = re.compile(r"(?:\\.|[A-Za-z0-9:_#=@/;,\- ^$?\[\]{}|*+.])*")
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
OPERATORS = ("!=", ">=", "<=", "=", ">", "<")


def invalid(reason: str = "") -> InvalidParameter:
    return InvalidParameter(f"Invalid filter pattern: {reason}" if reason else "Invalid filter pattern")


def bad_term(term: str) -> InvalidParameter:
    return invalid(f"Invalid character(s) in term '{term}'")


def regex(source: str) -> Callable[[str], bool]:
    """A regex between percent signs: part of Java's language. Raises InvalidParameter."""
    if not _SUPPORTED.fullmatch(source):
        raise bad_term(f"%{source}%")
    try:
        compiled = re.compile(source, re.ASCII)
    except re.error:
        raise bad_term(f"%{source}%") from None
    return lambda text: compiled.search(text) is not None


def comparison(sign: str, value: str, quoted: bool) -> Test:
    """What `sign value` says of a field. `quoted`: the value stood in double quotes, and is a text whatever
    it looks like; its wildcards count all the same. Raises InvalidParameter."""
    if not quoted and len(value) > 1 and value[0] == value[-1] == "%":
        matches = regex(value[1:-1])
        return _signed(sign, lambda field: matches(_text(field)))
    if not quoted and NUMBER.fullmatch(value):
        return _numeric(sign, float(value), value)
    if sign in _ORDER:
        raise invalid(f"Numeric comparison with '{value}'")
    wild = re.compile(".*".join(re.escape(part) for part in value.split("*")), re.DOTALL)
    return _signed(sign, lambda field: wild.fullmatch(_text(field)) is not None)


def _numeric(sign: str, number: float, text: str) -> Test:
    def equal(field: str | int | float) -> bool:
        found = _number(field)
        return found == number if found is not None else field == text

    if sign in _ORDER:
        compare = _ORDER[sign]
        return lambda field: (found := _number(field)) is not None and bool(compare(found, number))
    return _signed(sign, equal)


def _signed(sign: str, test: Test) -> Test:
    if sign == "!=":
        return lambda field: not test(field)
    return test


def _number(field: str | int | float) -> float | None:
    if isinstance(field, str):
        return float(field) if NUMBER.fullmatch(field) else None
    return field


def _text(field: str | int | float) -> str:
    return field if isinstance(field, str) else f"{field:g}" if isinstance(field, float) else str(field)
