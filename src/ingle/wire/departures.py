"""The form in which a service says where it departs from its published model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Departures:
    """A service's departures. Shapes by name, members as (structure, member).

    `enum_orders`: order of a shape's values in texts. `enum_lists`: lists that check their members as a
    whole, and the values that the text names. `lists_without_null_rule`: lists whose texts do not say
    that a member must not be null. `self_checked`: members of an input whose constraints the framework
    leaves to the service; the function takes the value and the values that the model enumerates, comes
    after the framework's validation, and raises an IngleError of its own. `checked_first`: members that are
    reported before the others of their structure.
    """

    enum_orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enum_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists_without_null_rule: frozenset[str] = frozenset()
    self_checked: Mapping[tuple[str, str], Callable[[str, frozenset[str]], None]] = field(
        default_factory=dict
    )
    checked_first: frozenset[tuple[str, str]] = frozenset()


NONE = Departures()
