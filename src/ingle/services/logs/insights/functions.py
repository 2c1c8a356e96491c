"""The functions of queries, on values; None is what is not there, and what cannot be worked out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ingle.services.logs.insights.records import Value

_PERIODS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PERIOD = re.compile(r"(\d+)(ms|s|m|h|d|w)")
TIME_FIELDS = frozenset({"@timestamp", "@ingestionTime"})


def number(value: Value) -> float | int | None:
    """`value` as a number, where it is one."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return found if math.isfinite(found) else None
    return value


def text(value: Value) -> str:
    """`value` as queries show it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(round(value, 10))
    return str(value)


def moment(milliseconds: float) -> str:
    """A time as queries show it."""
    when = datetime.fromtimestamp(int(milliseconds) // 1_000, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S}.{int(milliseconds) % 1_000:03d}"


def period(written: str) -> int | None:
    """Milliseconds of `5m`; None for what is no such period."""
    match = _PERIOD.fullmatch(written)
    return int(match[1]) * _PERIODS[match[2]] if match and int(match[1]) else None


def _numeric(work: Callable[..., float | int]) -> Callable[..., Value]:
    def call(*values: Value) -> Value:
        numbers = [number(value) for value in values]
        if None in numbers:
            return None
        try:
            result = work(*numbers)
        except (ValueError, ArithmeticError):
            return None
        return result if not isinstance(result, complex) else None

    return call


def _textual(work: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *values: None if None in values else work(*map(text, values))


def _substr(whole: str, start: str, length: str | None = None) -> str:
    first = int(float(start))
    return whole[first:] if length is None else whole[first : first + int(float(length))]


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


# The arithmetic signs, and functions by their names in lower case.
ARITHMETIC: Mapping[str, Callable[..., Value]] = {
    "+": _numeric(lambda a, b: a + b),
    "-": _numeric(lambda a, b: a - b),
    "*": _numeric(lambda a, b: a * b),
    "/": _numeric(lambda a, b: a / b),
    "%": _numeric(lambda a, b: math.fmod(a, b)),
    "^": _numeric(lambda a, b: math.pow(a, b)),
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "log": _numeric(math.log),
    "sqrt": _numeric(math.sqrt),
    "greatest": _numeric(max),
    "least": _numeric(min),
    "tomillis": _numeric(lambda at: at),
    "frommillis": _numeric(lambda at: at),
    "isempty": lambda value: value is None or text(value) == "",
    "isblank": lambda value: text(value).strip() == "",
    "ispresent": lambda value: value is not None,
    "coalesce": _coalesce,
    "strlen": _textual(len),
    "tolower": _textual(str.lower),
    "toupper": _textual(str.upper),
    "trim": _textual(lambda whole, cut=None: whole.strip(cut)),
    "ltrim": _textual(lambda whole, cut=None: whole.lstrip(cut)),
    "rtrim": _textual(lambda whole, cut=None: whole.rstrip(cut)),
    "concat": _textual(lambda *parts: "".join(parts)),
    "strcontains": _textual(lambda whole, part: int(part in whole)),
    "replace": _textual(lambda whole, old, new: whole.replace(old, new)),
    "substr": _textual(_substr),
}
