"""The one way into a function: resolve its name, take a slot, have it assigned, give the slot back.

Callbacks, not coroutines: a task an invocation would be a third of what a warm invocation costs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import orjson

from ingle.assignment.assigner import Assigner
from ingle.counting.counter import Counter
from ingle.frontend.specification import specify
from ingle.model.errors import IngleError, InvalidRequestContent
from ingle.model.function import ResolvedFunction
from ingle.model.invocation import Invocation, Outcome
from ingle.model.names import FunctionKey
from ingle.model.states import State, require_invocable
from ingle.worker.spec import EnvironmentSpec


class Directory(Protocol):
    """Knows every function of this node; a look-up is a dictionary's."""

    def find(self, key: FunctionKey, qualifier: str | None) -> ResolvedFunction | None:
        """The function version that a name and qualifier lead to now, or None."""
        ...

    def resolve(self, key: FunctionKey, qualifier: str | None) -> ResolvedFunction:
        """As `find`. Raises ResourceNotFound with AWS's text."""
        ...

    def on_change(self, callback: Callable[[FunctionKey], None]) -> None:
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
        directory.on_change(self._changed)

    def find(self, key: FunctionKey, qualifier: str | None) -> ResolvedFunction | None:
        """The function if it can be invoked as things stand, else None."""
        function = self._directory.find(key, qualifier)
        if function is None or function.configuration.state is not State.ACTIVE:
            return None
        return function

    def resolve(self, key: FunctionKey, qualifier: str | None) -> ResolvedFunction:
        """The function. Raises ResourceNotFound, and ResourceConflict while it cannot be invoked."""
        function = self._directory.resolve(key, qualifier)
        require_invocable(function.configuration.state)
        return function

    def run(self, function: ResolvedFunction, invocation: Invocation) -> None:
        """Run `function`; `invocation.done` will be called with the outcome.

        Raises InvalidRequestContent for a payload that is not JSON, TooManyRequests for a throttle;
        `done` is then not called.
        """
        if invocation.payload:
            require_json(invocation.payload)
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
        """Retire the environments of every version that is not what it was."""
        specs = self._specs.get(key)
        for generation, spec in list((specs or {}).items()):
            current = self._directory.find(key, spec.version)
            if current is None or current.generation != generation:
                assert specs is not None
                del specs[generation]
                self._assigner.retire_version(generation)
        if not specs:
            self._specs.pop(key, None)


def require_json(payload: bytes) -> None:
    """Refuse what is not one JSON value. Raises InvalidRequestContent."""
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestContent(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from None
