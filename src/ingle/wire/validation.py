"""What the service model demands of a request, compiled once per shape, and the text of a refusal.

    2 validation errors detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have
    value greater than or equal to 128; Value null at 'role' failed to satisfy constraint: Member must not
    be null

Lists and maps of plain values are reported as a whole ("Member must satisfy constraint: [...]", "Map keys
must satisfy constraint: [...]"), lists of structures at the member (`filters.1.member.pattern`). Sensitive
values are not repeated: `Value at 'environment.variables' failed ...`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ingle.model.errors import ValidationError
from ingle.wire.constraints import NOT_NULL, Rule, enum_list_rule, rules_of
from ingle.wire.departures import NONE, Departures
from ingle.wire.javatext import is_sensitive, member_name, to_text

# Takes a value that is not None, its path, and the list that receives complaints.
_Check = Callable[[Any, str, list[str]], None]

_SCALARS_WITHOUT_RULES = frozenset({"boolean", "timestamp"})


class Validator:
    """Compiles and keeps the checks of a service's shapes."""

    def __init__(self, departures: Departures = NONE) -> None:
        self._departures = departures
        self._checks: dict[str, _Check | None] = {}

    def compile(self, shape: Any) -> Callable[[dict[str, Any]], None]:
        """The check of an operation's input `shape`; it raises ValidationError with every complaint.

        Members that the service checks itself come after that, and raise what it raises.
        """
        check = self._check(shape)
        own = [
            (name, refuse_unknown, frozenset(shape.members[name].enum))
            for (structure, name), refuse_unknown in self._departures.self_checked.items()
            if structure == shape.name
        ]

        def validate(params: dict[str, Any]) -> None:
            complaints: list[str] = []
            if check is not None:
                check(params, "", complaints)
            if complaints:
                plural = "" if len(complaints) == 1 else "s"
                raise ValidationError(
                    f"{len(complaints)} validation error{plural} detected: {'; '.join(complaints)}"
                )
            for name, refuse_unknown, known in own:
                if name in params:
                    refuse_unknown(params[name], known)

        return validate

    def _check(self, shape: Any) -> _Check | None:
        """The check of `shape`, or None where it states nothing."""
        key = shape.name
        if key not in self._checks:
            # A shape that contains itself finds this while it is being compiled.
            self._checks[key] = lambda value, path, complaints: self._recurse(key, value, path, complaints)
            self._checks[key] = self._build(shape)
        return self._checks[key]

    def _recurse(self, key: str, value: Any, path: str, complaints: list[str]) -> None:
        check = self._checks[key]
        if check is not None:
            check(value, path, complaints)

    def _build(self, shape: Any) -> _Check | None:
        if shape.type_name == "structure":
            return self._structure(shape)
        if shape.type_name == "list":
            return self._list(shape)
        if shape.type_name == "map":
            return self._map(shape)
        if shape.type_name in _SCALARS_WITHOUT_RULES:
            return None
        rules = rules_of(shape, self._departures)
        return _rules_check(shape, rules) if rules else None

    def _structure(self, shape: Any) -> _Check:
        required = frozenset(shape.required_members)
        first = self._departures.checked_first
        names = sorted(shape.members, key=lambda name: (shape.name, name) not in first)
        plan = []
        for name in names:
            own = (shape.name, name) in self._departures.self_checked
            check = None if own else self._check(shape.members[name])
            if check is not None or name in required:
                plan.append((name, member_name(name), name in required, check))

        def structure(value: Any, path: str, complaints: list[str]) -> None:
            prefix = f"{path}." if path else ""
            for name, text_name, is_required, check in plan:
                member = value.get(name)
                if member is None:
                    if is_required:
                        complaints.append(_complaint("Value null", prefix + text_name, NOT_NULL))
                elif check is not None:
                    check(member, prefix + text_name, complaints)

        return structure

    def _list(self, shape: Any) -> _Check:
        own = _rules_check(shape, rules_of(shape, self._departures))
        named = self._departures.enum_lists.get(shape.name)
        if named is not None:
            return _both(own, _rules_check(shape, (enum_list_rule(named, shape.member.enum),)))
        if shape.member.type_name in ("structure", "list", "map"):
            return self._list_of_containers(shape, own)
        rules = rules_of(shape.member, self._departures)
        texts = [rule.text for rule in rules]
        if shape.name not in self._departures.lists_without_null_rule:
            texts.append(NOT_NULL)
        text = f"Member must satisfy constraint: [{', '.join(texts)}]"
        return _both(own, _rules_check(shape, (Rule(lambda value: _all_hold(rules, value), text),)))

    def _list_of_containers(self, shape: Any, own: _Check) -> _Check:
        check = self._check(shape.member)

        def members(value: Any, path: str, complaints: list[str]) -> None:
            for number, item in enumerate(value, 1):
                at = f"{path}.{number}.member"
                if item is None:
                    complaints.append(_complaint("Value null", at, NOT_NULL))
                elif check is not None:
                    check(item, at, complaints)

        return _both(own, members)

    def _map(self, shape: Any) -> _Check:
        own = _rules_check(shape, rules_of(shape, self._departures))
        keys = rules_of(shape.key, self._departures)
        key_text = f"Map keys must satisfy constraint: [{', '.join(rule.text for rule in keys)}]"
        key_check = _rules_check(shape, (Rule(lambda value: _all_hold(keys, value), key_text),))
        if shape.value.type_name in ("structure", "list", "map"):
            return _both(own, _both(key_check, self._map_of_containers(shape)))
        values = rules_of(shape.value, self._departures)
        texts = [*(rule.text for rule in values), NOT_NULL]
        value_text = f"Map value must satisfy constraint: [{', '.join(texts)}]"
        value_rule = Rule(lambda value: _all_hold(values, value.values()), value_text)
        return _both(own, _both(key_check, _rules_check(shape, (value_rule,))))

    def _map_of_containers(self, shape: Any) -> _Check:
        check = self._check(shape.value)

        def values(value: Any, path: str, complaints: list[str]) -> None:
            for key, item in value.items():
                at = f"{path}.{key}.member"
                if item is None:
                    complaints.append(_complaint("Value null", at, NOT_NULL))
                elif check is not None:
                    check(item, at, complaints)

        return values


def _rules_check(shape: Any, rules: tuple[Rule, ...]) -> _Check:
    sensitive = is_sensitive(shape)

    def check(value: Any, path: str, complaints: list[str]) -> None:
        for rule in rules:
            if not rule.holds(value):
                said = "Value" if sensitive else f"Value '{to_text(shape, value)}'"
                complaints.append(_complaint(said, path, rule.text))

    return check


def _both(first: _Check, second: _Check) -> _Check:
    def check(value: Any, path: str, complaints: list[str]) -> None:
        first(value, path, complaints)
        second(value, path, complaints)

    return check


def _all_hold(rules: tuple[Rule, ...], values: Any) -> bool:
    return all(value is not None and all(rule.holds(value) for rule in rules) for value in values)


def _complaint(said: str, path: str, text: str) -> str:
    return f"{said} at '{path}' failed to satisfy constraint: {text}"
