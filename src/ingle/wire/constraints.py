"""The constraints of one value: what the model states of a string, a number, a blob or a collection's size.

A `Rule` is a test and the sentence that AWS's framework writes when the test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingle.wire.departures import Departures
from ingle.wire.javapattern import JavaPattern

NOT_NULL = "Member must not be null"

# A pattern is not tried on strings that are far longer than the model allows: their length is reported, and
# a hostile body buys no quadratic matching.
_PATTERN_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Rule:
    """`holds` takes the value; `text` is what follows "failed to satisfy constraint: "."""

    holds: Callable[[Any], bool]
    text: str


def rules_of(shape: Any, departures: Departures) -> tuple[Rule, ...]:
    """The rules of `shape` (a botocore shape) in the order in which AWS lists them."""
    traits = shape.metadata
    if shape.type_name in ("string", "blob", "list", "map"):
        rules = _length_rules(traits)
    else:
        rules = _range_rules(traits, is_float=shape.type_name in ("double", "float"))
    if traits.get("pattern"):
        rules.append(_pattern_rule(traits["pattern"], traits.get("max")))
    if traits.get("enum"):
        rules.append(enum_rule(departures.enum_orders.get(shape.name, ()), traits["enum"]))
    return tuple(rules)


def enum_rule(order: tuple[str, ...], values: list[str]) -> Rule:
    """One of `values`; the text names them in `order`, and those that `order` lacks after them."""
    named = [*order, *(value for value in values if value not in order)]
    return Rule(frozenset(values).__contains__, f"Member must satisfy enum value set: [{', '.join(named)}]")


def enum_list_rule(named: tuple[str, ...], values: list[str]) -> Rule:
    """A list all of whose members are among `values`; the text names `named`, which may be fewer."""
    allowed = frozenset(values)
    return Rule(allowed.issuperset, f"Member must satisfy enum value set: [{', '.join(named)}]")


def _length_rules(traits: dict[str, Any]) -> list[Rule]:
    rules = []
    if (most := traits.get("max")) is not None:
        rules.append(
            Rule(lambda value: len(value) <= most, f"Member must have length less than or equal to {most}")
        )
    if (least := traits.get("min")) is not None:
        rules.append(
            Rule(
                lambda value: len(value) >= least, f"Member must have length greater than or equal to {least}"
            )
        )
    return rules


def _range_rules(traits: dict[str, Any], *, is_float: bool) -> list[Rule]:
    rules = []
    if (most := traits.get("max")) is not None:
        bound = float(most) if is_float else most
        rules.append(
            Rule(lambda value: value <= bound, f"Member must have value less than or equal to {bound}")
        )
    if (least := traits.get("min")) is not None:
        floor = float(least) if is_float else least
        rules.append(
            Rule(lambda value: value >= floor, f"Member must have value greater than or equal to {floor}")
        )
    return rules


def _pattern_rule(source: str, most: int | None) -> Rule:
    pattern = JavaPattern(source)

    def holds(value: str) -> bool:
        if most is not None and len(value) > max(most, _PATTERN_LIMIT):
            return True
        return pattern.matches(value)

    return Rule(holds, f"Member must satisfy regular expression pattern: {source}")
