"""Which function a name leads to, from memory: it is on the path of every invocation.

Filled from the store at the first question about a function, emptied of a function at its every change. The
answer to a repeated question is one look into a dictionary; for an alias of two versions it is a second look
and a draw, at every question anew.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from ingle.model.function import FunctionVersion, ResolvedFunction, generation
from ingle.model.names import LATEST, FunctionKey, FunctionReference, is_version_number
from ingle.store.aliases import Aliases
from ingle.store.code import CodeStore
from ingle.store.functions import Functions
from ingle.store.opt import OptDirectories


@dataclass(frozen=True, slots=True)
class _Shared:
    """An alias of two versions: `second` has a share of `weight`, 0 to 1."""

    first: ResolvedFunction
    second: ResolvedFunction
    weight: float


class FunctionDirectory:
    """Names and qualifiers of one node, resolved. Used on the event loop only.

    draw: a number from 0 to below 1 at random, for each invocation of an alias of two versions.
    """

    def __init__(
        self,
        functions: Functions,
        aliases: Aliases,
        code: CodeStore,
        opt: OptDirectories,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._functions = functions
        self._aliases = aliases
        self._code = code
        self._opt = opt
        self._draw = draw
        self._resolved: dict[tuple[FunctionKey, str | None], ResolvedFunction] = {}
        self._shared: dict[tuple[FunctionKey, str | None], _Shared] = {}
        self._qualifiers: dict[FunctionKey, set[str | None]] = {}
        self._changes = 0
        self._watchers: list[Callable[[FunctionKey], None]] = []
        functions.on_change(self._forget)

    def on_change(self, watcher: Callable[[FunctionKey], None]) -> None:
        """Call `watcher` on the event loop whenever a function changed or went, after it was forgotten here:
        whoever asks from there gets the new one. Environments of another `generation` are then obsolete."""
        self._watchers.append(watcher)

    def lookup(self, key: FunctionKey, qualifier: str | None = None) -> ResolvedFunction | None:
        """The function if it was asked for before and has not changed since; None says nothing: `resolve`."""
        found = self._resolved.get((key, qualifier))
        if found is not None:
            return found
        shared = self._shared.get((key, qualifier))
        return None if shared is None else self._one_of(shared)

    async def resolve(self, reference: FunctionReference) -> ResolvedFunction:
        """The function that a reference names, its code unpacked. Raises ResourceNotFound."""
        found = self.lookup(reference.key, reference.qualifier)
        return found if found is not None else await self._load(reference)

    def _one_of(self, shared: _Shared) -> ResolvedFunction:
        return shared.second if self._draw() < shared.weight else shared.first

    async def _load(self, reference: FunctionReference) -> ResolvedFunction:
        changes = self._changes
        stored = await self._stored(reference)
        # Where something changed while the store was read, perhaps this, the answer is good but not for long.
        if changes == self._changes:
            self._remember(reference, stored)
        return self._one_of(stored) if isinstance(stored, _Shared) else stored

    def _remember(self, reference: FunctionReference, stored: ResolvedFunction | _Shared) -> None:
        name = reference.key, reference.qualifier
        self._qualifiers.setdefault(reference.key, set()).add(reference.qualifier)
        if isinstance(stored, _Shared):
            self._shared[name] = stored
        else:
            self._resolved[name] = stored

    async def _stored(self, reference: FunctionReference) -> ResolvedFunction | _Shared:
        qualifier = reference.qualifier or LATEST
        if qualifier == LATEST or is_version_number(qualifier):
            version = await self._functions.get(reference.key, qualifier)
            if version is None:
                raise reference.not_found()
            return await self._resolve(reference, version)
        route = await self._aliases.route(reference.key, qualifier)
        if route is None:
            raise reference.not_found()
        first = await self._resolve(reference, route.first)
        if route.second is None:
            return first
        return _Shared(first, await self._resolve(reference, route.second), route.weight)

    async def _resolve(self, reference: FunctionReference, version: FunctionVersion) -> ResolvedFunction:
        return ResolvedFunction(
            key=reference.key,
            qualifier=reference.qualifier,
            configuration=version.configuration,
            code_directory=await self._code.ensure_unpacked(version.code_sha256),
            generation=generation(version.configuration),
            layers_directory=await self._opt.ensure(version.configuration),
        )

    def _forget(self, key: FunctionKey) -> None:
        self._changes += 1
        for qualifier in self._qualifiers.pop(key, ()):
            self._resolved.pop((key, qualifier), None)
            self._shared.pop((key, qualifier), None)
        for watcher in self._watchers:
            watcher(key)
