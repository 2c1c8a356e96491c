"""The form in which a service says where it departs from its published model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingle.model.errors import CallerError


@dataclass(frozen=True, slots=True)
class QueryNames:
    """The names of the query form of a service whose published model is another protocol's.

    `namespace` of the XML answers; `list_members` by the list's shape; `map_entries`: (key, value) by the
    map's shape; `members`: by (structure, member), where the name is not the member's own.
    """

    namespace: str
    list_members: Mapping[str, str]
    map_entries: Mapping[str, tuple[str, str]]
    members: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Departures:
    """A service's departures. Shapes by name, members as (structure, member).

    `enum_orders`: order of a shape's values in texts. `enum_lists`: lists that check their members as a
    whole, and the values that the text names. `lists_without_null_rule`: lists whose texts do not say
    that a member must not be null. `self_checked`: members of an input whose constraints the framework
    leaves to the service; the function takes the value and the values that the model enumerates, comes
    after the framework's validation, and raises an IngleError of its own. `checked_first`: members that are
    reported before the others of their structure.

    `missing`: the error for a required member that is absent, made of its name, where the service checks
    that itself and nothing else is checked by the framework. `error_namespace`: what stands before a
    modelled error's name in JSON. `query_codes` and `query_texts`: codes and texts of errors that the
    query protocol words in its own way, by the modelled code. `query_names`: see `QueryNames`.
    """

    enum_orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    enum_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists_without_null_rule: frozenset[str] = frozenset()
    self_checked: Mapping[tuple[str, str], Callable[[str, frozenset[str]], None]] = field(
        default_factory=dict
    )
    checked_first: frozenset[tuple[str, str]] = frozenset()
    missing: Callable[[str], CallerError] | None = None
    error_namespace: str | None = None
    query_codes: Mapping[str, str] = field(default_factory=dict)
    query_texts: Mapping[str, str] = field(default_factory=dict)
    query_names: QueryNames | None = None


NONE = Departures()
