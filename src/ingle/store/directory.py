"""Which function a name leads to, from memory: it is on the path of every invocation.

Filled from the store at the first question about a function, emptied of a function at its every change. The
answer to a repeated question is one look into a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable

from ingle.model.function import ResolvedFunction, generation
from ingle.model.names import LATEST, FunctionKey, FunctionReference
from ingle.store.code import CodeStore
from ingle.store.functions import Functions


class FunctionDirectory:
    """Names and qualifiers of one node, resolved. Used on the event loop only."""

    def __init__(self, functions: Functions, code: CodeStore) -> None:
        self._functions = functions
        self._code = code
        self._resolved: dict[tuple[FunctionKey, str | None], ResolvedFunction] = {}
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
        return self._resolved.get((key, qualifier))

    async def resolve(self, reference: FunctionReference) -> ResolvedFunction:
        """The function that a reference names, its code unpacked. Raises ResourceNotFound."""
        found = self._resolved.get((reference.key, reference.qualifier))
        return found if found is not None else await self._load(reference)

    async def _load(self, reference: FunctionReference) -> ResolvedFunction:
        changes = self._changes
        stored = await self._functions.get(reference.key, reference.qualifier or LATEST)
        if stored is None:
            raise reference.not_found()
        resolved = ResolvedFunction(
            key=reference.key,
            qualifier=reference.qualifier,
            configuration=stored.configuration,
            code_directory=await self._code.ensure_unpacked(stored.code_sha256),
            generation=generation(stored.configuration),
        )
        # Something changed while the store was read, perhaps this: the answer is good, but not for long.
        if changes == self._changes:
            self._resolved[reference.key, reference.qualifier] = resolved
            self._qualifiers.setdefault(reference.key, set()).add(reference.qualifier)
        return resolved

    def _forget(self, key: FunctionKey) -> None:
        self._changes += 1
        for qualifier in self._qualifiers.pop(key, ()):
            del self._resolved[key, qualifier]
        for watcher in self._watchers:
            watcher(key)
