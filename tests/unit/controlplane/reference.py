"""The rules of functions, versions, aliases and reserved concurrency, in memory and as short as they go.

A function's whole configuration is one number here, its timeout. Refusals are named by AWS's codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

NOT_FOUND = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
INVALID = "InvalidParameterValueException"

LIMIT, UNRESERVED_MINIMUM = 1_000, 100
LATEST = "$LATEST"


class RefusedError(Exception):
    """AWS refuses; `code` says how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Alias:
    version: str
    second: tuple[str, float] | None = None

    @property
    def versions(self) -> set[str]:
        return {self.version} | ({self.second[0]} if self.second else set())


@dataclass
class Function:
    """`published`: what each version was published from; `settled`: whether $LATEST is on its way no more."""

    timeout: int
    settled: bool = False
    published: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    reserved: int | None = None

    def content(self, version: str) -> int | None:
        """What a version is, or None where there is none."""
        return self.timeout if version == LATEST else self.published.get(version)


class Reference:
    """One account."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self._last: dict[str, int] = {}  # numbers outlive their function

    def create(self, name: str, timeout: int, publish: bool) -> str:
        if name in self.functions:
            raise RefusedError(CONFLICT)
        self.functions[name] = Function(timeout)
        return self._publish(name) if publish else LATEST

    def update(self, name: str, timeout: int) -> None:
        function = self._changeable(name)
        function.timeout, function.settled = timeout, False

    def settle(self) -> None:
        for function in self.functions.values():
            function.settled = True

    def publish(self, name: str) -> str:
        self._changeable(name)
        return self._publish(name)

    def delete(self, name: str) -> None:
        self._find(name)
        del self.functions[name]

    def delete_version(self, name: str, version: str) -> None:
        function = self._find(name)
        if any(version in alias.versions for alias in function.aliases.values()):
            raise RefusedError(CONFLICT)
        function.published.pop(version, None)

    def create_alias(self, name: str, alias: str, target: Alias) -> None:
        self._check(name, target)
        if alias in self.functions[name].aliases:
            raise RefusedError(CONFLICT)
        self.functions[name].aliases[alias] = target

    def update_alias(self, name: str, alias: str, version: str | None, target: Alias) -> None:
        """Replace the second version by `target`'s, and the first one if `version` is given."""
        function = self.functions.get(name)
        if function is None or alias not in function.aliases:
            raise RefusedError(NOT_FOUND)
        after = replace(target, version=version or function.aliases[alias].version)
        self._check(name, after)
        function.aliases[alias] = after

    def delete_alias(self, name: str, alias: str) -> None:
        self._find(name).aliases.pop(alias, None)

    def reserve(self, name: str, count: int | None) -> None:
        function = self._find(name)
        if count is not None and self.unreserved + (function.reserved or 0) - count < UNRESERVED_MINIMUM:
            raise RefusedError(INVALID)
        function.reserved = count

    @property
    def unreserved(self) -> int:
        return LIMIT - sum(function.reserved or 0 for function in self.functions.values())

    def _find(self, name: str) -> Function:
        if name not in self.functions:
            raise RefusedError(NOT_FOUND)
        return self.functions[name]

    def _changeable(self, name: str) -> Function:
        function = self._find(name)
        if not function.settled:
            raise RefusedError(CONFLICT)
        return function

    def _publish(self, name: str) -> str:
        function = self.functions[name]
        newest = max(function.published, key=int, default=None)
        if newest is not None and function.published[newest] == function.timeout:
            return newest
        self._last[name] = self._last.get(name, 0) + 1
        function.published[str(self._last[name])] = function.timeout
        return str(self._last[name])

    def _check(self, name: str, alias: Alias) -> None:
        if alias.second is not None and (alias.second[0] == alias.version or alias.version == LATEST):
            raise RefusedError(INVALID)
        function = self._find(name)
        if any(function.content(version) is None for version in alias.versions):
            raise RefusedError(NOT_FOUND)
