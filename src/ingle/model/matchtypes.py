"""The match types of an event pattern: what one element of a list of values stands for.

    "x", 3, true, null                      equal to it
    {"prefix": "x"}, {"suffix": "x"}        a string that begins or ends so; {"equals-ignore-case": "x"} too
    {"equals-ignore-case": "x"}             equal but for upper and lower case
    {"wildcard": "a*c"}                     `*` for any characters; `\\*` and `\\\\` for themselves
    {"anything-but": ...}                   none of these values; or of prefix, suffix, wildcard, ignore-case
    {"numeric": [">", 0, "<=", 5]}          a number in a range
    {"cidr": "10.0.0.0/24"}                 an address in a network

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
What is refused, and in which words, follows recorded answers of EventBridge. `exists` is about a field rather
than a value and is in `ingle.model.eventpattern`.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

# Takes a value of an event that is no object and no array.
Matcher = Callable[[Any], bool]


class InvalidEventPattern(ValueError):
    """A pattern that EventBridge refuses; the text is its reason."""


def compile_value(element: Any) -> Matcher:
    """The test that an element of a pattern's list stands for. Raises InvalidEventPattern."""
    if isinstance(element, list):
        raise InvalidEventPattern("Match value must be String, number, true, false, or null")
    if not isinstance(element, dict):
        return _equals(element)
    name, argument = first_operator(element)
    factory = _OPERATORS.get(name)
    if factory is None:
        raise InvalidEventPattern(f"Unrecognized match type {name}")
    return factory(argument)


def first_operator(element: dict[str, Any]) -> tuple[str, Any]:
    """The match type of an element and its argument; only one is looked at. Raises InvalidEventPattern."""
    if not element:
        raise InvalidEventPattern("Empty match expression")
    return next(iter(element.items()))


def _equals(expected: Any) -> Matcher:
    if _is_number(expected):
        return lambda value: _is_number(value) and value == expected
    return lambda value: type(value) is type(expected) and value == expected


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equals_ignore_case(argument: Any) -> Matcher:
    expected = _string(argument, "equals-ignore-case").lower()
    return lambda value: isinstance(value, str) and value.lower() == expected


def _prefix(argument: Any) -> Matcher:
    if isinstance(argument, dict):
        start = _folded(argument, "prefix")
        return lambda value: isinstance(value, str) and value.lower().startswith(start)
    start = _string(argument, "prefix")
    return lambda value: isinstance(value, str) and value.startswith(start)


def _suffix(argument: Any) -> Matcher:
    if isinstance(argument, dict):
        end = _folded(argument, "suffix")
        return lambda value: isinstance(value, str) and value.lower().endswith(end)
    end = _string(argument, "suffix")
    return lambda value: isinstance(value, str) and value.endswith(end)


def _folded(argument: dict[str, Any], kind: str) -> str:
    name, text = first_operator(argument)
    if name != "equals-ignore-case":
        raise InvalidEventPattern(f"Unsupported anything-but/{kind} match type: {name}")
    return _string(text, "equals-ignore-case").lower()


def _string(argument: Any, kind: str) -> str:
    if not isinstance(argument, str):
        raise InvalidEventPattern(f"{kind} match pattern must be a string")
    return argument


def _wildcard(argument: Any) -> Matcher:
    """In one pass over the value: each part between two stars at the first place where it occurs."""
    first, *rest = _wildcard_parts(_string(argument, "wildcard"))
    if not rest:
        return lambda value: bool(value == first)
    *middle, last = rest

    def matches(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first) or not value.endswith(last):
            return False
        position, end = len(first), len(value) - len(last)
        for part in middle:
            found = value.find(part, position, max(end, 0))
            if found < 0:
                return False
            position = found + len(part)
        return position <= end

    return matches


def _wildcard_parts(text: str) -> list[str]:
    """What stands between the stars of a wildcard, without its escapes. Raises InvalidEventPattern."""
    parts, position, starred = [""], 0, False
    while position < len(text):
        character = text[position]
        if character == "*":
            if starred:
                raise InvalidEventPattern(f"Consecutive wildcard characters at pos {position}")
            parts.append("")
        elif character == "\\":
            position += 1
            if text[position : position + 1] not in ("*", "\\"):
                raise InvalidEventPattern(f"Invalid escape character at pos {position - 1}")
            parts[-1] += text[position]
        else:
            parts[-1] += character
        starred = character == "*"
        position += 1
    return parts


def _anything_but(argument: Any) -> Matcher:
    if isinstance(argument, dict):
        inner = _anything_but_of(*first_operator(argument))
    else:
        values = argument if isinstance(argument, list) else [argument]
        if not values:
            raise InvalidEventPattern("Empty lists are not allowed")
        if not all(isinstance(v, str) or _is_number(v) for v in values):
            raise InvalidEventPattern(
                "Inside anything but list, start|null|boolean is not supported."
                if isinstance(argument, list)
                else "Value of anything-but must be an array or single string/number value."
            )
        inner = [_equals(v) for v in values]
    return lambda value: not any(matches(value) for matches in inner)


_NOT_STRINGS = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    ),
}


def _anything_but_of(name: str, argument: Any) -> list[Matcher]:
    factory = {
        "prefix": _prefix,
        "suffix": _suffix,
        "equals-ignore-case": _equals_ignore_case,
        "wildcard": _wildcard,
    }.get(name)
    if factory is None:
        raise InvalidEventPattern(f"Unsupported anything-but pattern: {name}")
    if isinstance(argument, dict):
        raise InvalidEventPattern("Value of anything-but must be an array or single string/number value.")
    texts = argument if isinstance(argument, list) else [argument]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidEventPattern(_NOT_STRINGS[name])
    if name in ("prefix", "suffix") and "" in texts:
        raise InvalidEventPattern("Null prefix/suffix not allowed")
    return [factory(text) for text in texts]


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(argument: Any) -> Matcher:
    if not isinstance(argument, list):
        raise InvalidEventPattern("Value of numeric must be an array.")
    if not argument:
        raise InvalidEventPattern("Invalid member in numeric match: ]")
    terms = list(zip_longest(argument[::2], argument[1::2]))
    for name, bound in terms:
        if not isinstance(name, str) or name not in _COMPARISONS:
            raise InvalidEventPattern(f"Unrecognized numeric range operator: {name}")
        if not _is_number(bound):
            raise InvalidEventPattern(f"Value of {name} must be numeric")
    if len(terms) > 2:
        raise InvalidEventPattern("Too many terms in numeric range expression")
    if len(terms) == 2:
        _require_range(*terms[0], *terms[1])
    return lambda value: _is_number(value) and all(_COMPARISONS[name](value, bound) for name, bound in terms)


def _require_range(lower: str, least: float, upper: str, most: float) -> None:
    if lower not in (">", ">="):
        raise InvalidEventPattern("Too many terms in numeric range expression")
    if upper not in ("<", "<="):
        raise InvalidEventPattern(f"Bad numeric range operator: {upper}")
    if least >= most:
        raise InvalidEventPattern("Bottom must be less than top")


def _cidr(argument: Any) -> Matcher:
    text = _string(argument, "prefix")  # EventBridge says so
    address, slash, mask = text.partition("/")
    if not slash or "/" in mask:
        raise InvalidEventPattern("Malformed CIDR, one '/' required")
    if re.fullmatch("[0-9]+", mask) is None:
        raise InvalidEventPattern("Malformed CIDR, mask bits must be an integer")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidEventPattern(f"Nonstandard IP address: {address}") from None

    def matches(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return matches


_OPERATORS: dict[str, Callable[[Any], Matcher]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}

RESERVED = frozenset(_OPERATORS) | {"exists"}
