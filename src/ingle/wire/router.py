"""Which operation a request names: HTTP method and path, through one tree of path segments.

Paths are split before they are decoded, so a slash that a client wrote as `%2F` (an ARN in a label) stays
within its segment. Literal segments go before labels, as in AWS's routing. Operations that share method
and path differ by a literal in the query (`/layers?find=LayerVersion`): those are asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, slots=True)
class Route:
    """Where an operation lives: `/2015-03-31/functions/{FunctionName}`, perhaps with `?name=value`."""

    operation: str
    method: str
    uri: str


@dataclass(frozen=True, slots=True)
class Match:
    """The operation named by a request, and its labels, decoded."""

    operation: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Leaf:
    operation: str
    labels: tuple[str, ...]
    query: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    leaves: list[_Leaf] = field(default_factory=list)


class Router:
    """A table of routes. `match` costs the length of the path, not the number of operations."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._methods: dict[str, _Node] = {}
        for route in routes:
            self._add(route)

    def match(self, method: str, path: str, query: str = "") -> Match | None:
        """The operation at `path` (raw, as it came) and `query` (raw), or None.

        One trailing slash is forgiven: older models of Lambda have their paths with one.
        """
        root = self._methods.get(method)
        if root is None or not path.startswith("/"):
            return None
        segments = path.split("/")
        if segments[-1] == "" and len(segments) > 2:
            segments.pop()
        values: list[str] = []
        leaves = _descend(root, segments, 1, values)
        if leaves is None:
            return None
        leaf = _choose(leaves, query)
        if leaf is None:
            return None
        return Match(leaf.operation, dict(zip(leaf.labels, map(unquote, values), strict=True)))

    def _add(self, route: Route) -> None:
        path, _, query = route.uri.partition("?")
        node = self._methods.setdefault(route.method, _Node())
        labels = []
        for segment in path.rstrip("/").split("/")[1:]:
            if not segment.startswith("{"):
                node = node.literals.setdefault(segment, _Node())
                continue
            labels.append(segment.strip("{}+"))
            if segment.endswith("+}"):
                node.greedy = node = node.greedy or _Node()
            else:
                node.label = node = node.label or _Node()
        literals = tuple(parse_qsl(query, keep_blank_values=True))
        node.leaves.append(_Leaf(route.operation, tuple(labels), literals))
        node.leaves.sort(key=lambda leaf: -len(leaf.query))


def _descend(node: _Node, segments: Sequence[str], at: int, values: list[str]) -> list[_Leaf] | None:
    """The leaves at the end of `segments[at:]`; `values` receives what stands at the labels."""
    if at == len(segments):
        return node.leaves or None
    segment = segments[at]
    literal = node.literals.get(segment)
    if literal is not None:
        leaves = _descend(literal, segments, at + 1, values)
        if leaves is not None:
            return leaves
    if node.label is not None and segment:
        values.append(segment)
        leaves = _descend(node.label, segments, at + 1, values)
        if leaves is not None:
            return leaves
        values.pop()
    return None if node.greedy is None else _descend_greedy(node.greedy, segments, at, values)


def _descend_greedy(node: _Node, segments: Sequence[str], at: int, values: list[str]) -> list[_Leaf] | None:
    # The shortest first, so that what follows the label is recognised before the label takes it.
    for end in range(at + 1, len(segments) + 1):
        values.append("/".join(segments[at:end]))
        leaves = _descend(node, segments, end, values)
        if leaves is not None:
            return leaves
        values.pop()
    return None


def _choose(leaves: Sequence[_Leaf], query: str) -> _Leaf | None:
    if not leaves[0].query:
        return leaves[0]
    given = set(parse_qsl(query, keep_blank_values=True))
    return next((leaf for leaf in leaves if given.issuperset(leaf.query)), None)
