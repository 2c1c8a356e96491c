"""The one way into a function: resolve its name, take a slot, have it assigned, give the slot back.

Callbacks, not coroutines: a task an invocation would be a third of what a warm invocation costs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import orjson

from ingle.assignment.assigner import Assigner
from ingle.counting.counter import Counter
from ingle.frontend.specification import specify
from ingle.model.errors import IngleError, ResourceNotFound
from ingle.model.function import ResolvedFunction
from ingle.model.invocation import Invocation, Outcome
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.states import State, require_invocable
from ingle.wire.payload import require_json
from ingle.worker.spec import EnvironmentSpec

_log = logging.getLogger(__name__)


class Directory(Protocol):
    """Knows every function of this node."""

    def lookup(self, key: FunctionKey, qualifier: str | None = None) -> ResolvedFunction | None:
        """The function that a name and qualifier lead to, if that is known without waiting."""
        ...

    async def resolve(self, reference: FunctionReference) -> ResolvedFunction:
        """The function that a reference leads to. Raises ResourceNotFound with AWS's text."""
        ...

    def on_change(self, watcher: Callable[[FunctionKey], None]) -> None:
        """Call back, on the event loop, whenever a function was changed or deleted."""
        ...


class Frontend:
    """See the module."""

    def __init__(self, directory: Directory, counter: Counter, assigner: Assigner) -> None:
        self._directory = directory
        self._counter = counter
        self._assigner = assigner
        # What is running or has run, by function: specifications, to be retired when the function changes.
        self._specs: dict[FunctionKey, dict[str, EnvironmentSpec]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        directory.on_change(self._changed)

    def find(self, key: FunctionKey, qualifier: str | None) -> ResolvedFunction | None:
        """The function, if it is known without waiting and can be invoked."""
        function = self._directory.lookup(key, qualifier)
        if function is None or function.configuration.state is not State.ACTIVE:
            return None
        return function

    async def resolve(self, reference: FunctionReference) -> ResolvedFunction:
        """The function. Raises ResourceNotFound, and ResourceConflict while it cannot be invoked."""
        function = await self._directory.resolve(reference)
        require_invocable(function.configuration.state)
        return function

    def run(self, function: ResolvedFunction, invocation: Invocation) -> None:
        """Run `function`; `invocation.done` will be called with the outcome.

        Raises InvalidRequestContent for a payload that is not JSON, TooManyRequests for a throttle;
        `done` is then not called.
        """
        if invocation.payload:
            _check_json(invocation.payload)
        else:
            invocation.payload = b"{}"
        key = function.key
        count = self._counter.take((key.account, key.region), key.name)
        done = invocation.done

        def finished(outcome: Outcome | IngleError) -> None:
            count.release()
            done(outcome)

        invocation.done = finished
        try:
            self._assigner.assign(self._spec(function), invocation)
        except BaseException:
            count.release()
            raise

    def _spec(self, function: ResolvedFunction) -> EnvironmentSpec:
        specs = self._specs.get(function.key)
        if specs is None:
            specs = self._specs[function.key] = {}
        spec = specs.get(function.generation)
        if spec is None:
            spec = specs[function.generation] = specify(function)
        return spec

    def _changed(self, key: FunctionKey) -> None:
        task = asyncio.get_running_loop().create_task(self._follow(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, key: FunctionKey) -> None:
        """A function was made, changed or deleted: end what is obsolete, get ready for what is new."""
        try:
            if key in self._specs:
                await self._retire_obsolete(key)
            latest = await self._directory.resolve(FunctionReference(key))
            if latest.configuration.state is State.ACTIVE:
                await self._assigner.prepare(latest.configuration.runtime or "")
        except ResourceNotFound:
            pass
        except IngleError as error:  # whoever invokes it is told; nobody waits here
            _log.warning("%s: %s", key.arn, error)

    async def _retire_obsolete(self, key: FunctionKey) -> None:
        """End the environments of every version that is not any more what it was.

        Nothing waits for this: the next invocation of a changed function has another generation at once.
        """
        for generation, spec in list(self._specs.get(key, {}).items()):
            try:
                current = await self._directory.resolve(FunctionReference(key, spec.version))
                obsolete = current.generation != generation
            except ResourceNotFound:
                obsolete = True
            if obsolete:
                self._specs.get(key, {}).pop(generation, None)
                self._assigner.retire_version(generation)
        if not self._specs.get(key, True):
            del self._specs[key]


def _check_json(payload: bytes) -> None:
    """Refuse what is not JSON. The fast reader says whether, the faithful one in which words."""
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        require_json(payload)
