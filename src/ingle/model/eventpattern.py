"""EventBridge's pattern language: patterns parsed, checked, and matched against events.

    pattern = EventPattern.parse('{"body": {"price": [{"numeric": [">", 100]}]}}')
    pattern.matches({"body": {"price": 300}})

Every field of a pattern has to match, with any of its values; `$or` holds alternatives. An array in an event
matches where one of its elements does, and the fields of one object of a pattern match in one and the same
element. A dot in a name is the same as nesting.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html

Unlike EventBridge, no pattern is refused for its many wildcards: matching takes one pass here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ingle.model.matchtypes import RESERVED, InvalidEventPattern, Matcher, compile_value, first_operator

__all__ = ["EventPattern", "InvalidEventPattern"]

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Values:
    """The values that a field may have. absent: or that it is not there at all."""

    path: Path
    matchers: tuple[Matcher, ...]
    absent: bool


@dataclass(frozen=True, slots=True)
class _Fields:
    """All of `fields` hold, and of each group in `alternatives` at least one."""

    fields: tuple[tuple[str, _Fields | _Values], ...]
    alternatives: tuple[tuple[_Fields, ...], ...]


class EventPattern:
    """A parsed pattern. Make it with `parse`."""

    def __init__(self, fields: _Fields) -> None:
        self._fields = fields

    @staticmethod
    def parse(text: str) -> EventPattern:
        """The pattern that `text` is. Raises InvalidEventPattern."""
        try:
            document = json.loads(text, parse_constant=_refuse_constant)
            if not isinstance(document, dict):
                raise InvalidEventPattern("Filter is not an object")
            return EventPattern(_compile(document, ()))
        except RecursionError:
            raise InvalidEventPattern("The pattern is nested too deeply.") from None
        except json.JSONDecodeError as error:
            raise InvalidEventPattern(str(error)) from None

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether an event, as JSON is read in Python, matches."""
        return _Match(event).fields(self._fields, [event])


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidEventPattern(f"Non-standard token '{name}'")


def _compile(document: dict[str, Any], path: Path) -> _Fields:
    if not document:
        raise InvalidEventPattern("Empty objects are not allowed")
    fields: list[tuple[str, _Fields | _Values]] = []
    alternatives: list[tuple[_Fields, ...]] = []
    for name, value in document.items():
        if name == "$or" and _is_or(value):
            alternatives.append(tuple(_compile(alternative, path) for alternative in value))
        else:
            fields.append(_compile_field(name.split("."), value, path))
    return _Fields(tuple(fields), tuple(alternatives))


def _is_or(value: Any) -> bool:
    """Whether a field named `$or` holds alternatives; otherwise it is a field like any other."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(each, dict) and each and not RESERVED & each.keys() for each in value)
    )


def _compile_field(names: list[str], value: Any, path: Path) -> tuple[str, _Fields | _Values]:
    name, *deeper = names
    here = (*path, name)
    if deeper:
        return name, _Fields((_compile_field(deeper, value, here),), ())
    if isinstance(value, dict):
        return name, _compile(value, here)
    if isinstance(value, list):
        return name, _compile_values(value, here)
    raise InvalidEventPattern(f'"{name}" must be an object or an array')


def _compile_values(elements: list[Any], path: Path) -> _Values:
    if not elements:
        raise InvalidEventPattern("Empty arrays are not allowed")
    matchers: list[Matcher] = []
    absent = False
    for element in elements:
        if isinstance(element, dict) and first_operator(element)[0] == "exists":
            wanted = element["exists"]
            if not isinstance(wanted, bool):
                raise InvalidEventPattern("exists match pattern must be either true or false.")
            if wanted:
                matchers.append(_anything)
            absent = absent or not wanted
        else:
            matchers.append(compile_value(element))
    return _Values(path, tuple(matchers), absent)


def _anything(value: Any) -> bool:
    return True


class _Match:
    """One event being matched; remembers which fields it lacks, as every element of an array asks that."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self._absent: dict[Path, bool] = {}

    def fields(self, wanted: _Fields, values: Iterable[Any]) -> bool:
        """Whether one of the objects among `values` has what is wanted."""
        objects = [value for value in _flat(values) if isinstance(value, Mapping)]
        # Where there is no object, only what has to be absent can hold.
        return any(self._object(wanted, each) for each in objects or [{}])

    def _object(self, wanted: _Fields, found: Mapping[str, Any]) -> bool:
        for name, field in wanted.fields:
            values = _members(found, name)
            if isinstance(field, _Fields):
                if not self.fields(field, values):
                    return False
            elif not self._values(field, values):
                return False
        return all(
            any(self._object(alternative, found) for alternative in group) for group in wanted.alternatives
        )

    def _values(self, wanted: _Values, values: list[Any]) -> bool:
        if wanted.matchers:
            for value in _leaves(values):
                if any(matches(value) for matches in wanted.matchers):
                    return True
        return wanted.absent and self._is_absent(wanted.path)

    def _is_absent(self, path: Path) -> bool:
        """Whether no value stands at `path`, in whichever element of whichever array."""
        if path not in self._absent:
            found: list[Any] = [self._event]
            for name in path:
                objects = [value for value in _flat(found) if isinstance(value, Mapping)]
                found = [value for each in objects for value in _members(each, name)]
            self._absent[path] = next(_leaves(found), self) is self
        return self._absent[path]


def _members(found: Mapping[str, Any], name: str) -> list[Any]:
    """What an object has under a name, and under dotted names that begin with it."""
    values = [found[name]] if name in found else []
    start = name + "."
    values += [{key[len(start) :]: value} for key, value in found.items() if key.startswith(start)]
    return values


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    """The plain values among `values` and in arrays there."""
    return (value for value in _flat(values) if not isinstance(value, Mapping))


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    """`values` with arrays replaced by their elements, however deep; without recursion, as an event is not
    ours."""
    pending = [iter(values)]
    while pending:
        for value in pending[-1]:
            if isinstance(value, list):
                pending.append(iter(value))
                break
            yield value
        else:
            pending.pop()
