"""The extensions of one environment: who is registered, in which state, and what each still has to be told.

External extensions are announced by whoever launches them; internal ones appear with their registration.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ingle.runtimeapi.message import Answer, ApiError, Call

MAX_EXTENSIONS = 10


class State(StrEnum):
    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"


class Step(StrEnum):
    REGISTER = "register"
    NEXT = "event/next"
    DELIVERED = "an event was delivered"
    INIT_ERROR = "init/error"
    EXIT_ERROR = "exit/error"


STEPS: dict[tuple[State, Step], State] = {
    (State.STARTED, Step.REGISTER): State.REGISTERED,
    (State.REGISTERED, Step.NEXT): State.READY,
    (State.READY, Step.DELIVERED): State.RUNNING,
    (State.RUNNING, Step.NEXT): State.READY,
    (State.REGISTERED, Step.INIT_ERROR): State.INIT_ERROR,
    (State.INIT_ERROR, Step.INIT_ERROR): State.INIT_ERROR,  # only the first one counts
    (State.REGISTERED, Step.EXIT_ERROR): State.EXIT_ERROR,
    (State.READY, Step.EXIT_ERROR): State.EXIT_ERROR,
    (State.RUNNING, Step.EXIT_ERROR): State.EXIT_ERROR,
    (State.EXIT_ERROR, Step.EXIT_ERROR): State.EXIT_ERROR,
}

_WANTED: dict[Step, State] = {
    Step.REGISTER: State.REGISTERED,
    Step.NEXT: State.READY,
    Step.INIT_ERROR: State.INIT_ERROR,
    Step.EXIT_ERROR: State.EXIT_ERROR,
}


@dataclass
class Extension:
    """One extension; `identifier` is what it was given at its registration."""

    name: str
    external: bool
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: State = State.STARTED
    events: frozenset[str] = frozenset()
    poll: Call | None = None
    pending: bytes | None = None  # an event that it has not asked for yet

    def advance(self, step: Step, called: str) -> None:
        """Raises ApiError, 403, for a call in the wrong order; `called` is how the refusal names it."""
        following = STEPS.get((self.state, step))
        if following is None:
            raise ApiError(
                403,
                "Extension.InvalidExtensionState",
                f"State transition from {self.state} to {_WANTED[step]} failed for extension {called}. "
                "Error: State transition is not allowed",
            )
        self.state = following


class Listener(Protocol):
    """Who waits for extensions. Calls come on the event loop."""

    def extensions_moved(self) -> None:
        """One registered, asked for its next event, or ended."""
        ...

    def extension_failed(self, extension: Extension, error_type: str) -> None:
        """One reported that it cannot start, or cannot go on."""
        ...


class Extensions:
    """See the module."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._by_name: dict[str, Extension] = {}
        self._open = True

    def announce(self, name: str) -> None:
        """An external extension of that name is being launched."""
        self._by_name[name] = Extension(name, external=True)

    def close_registration(self) -> None:
        """INIT is over: nobody registers any more."""
        self._open = False

    def clear(self) -> None:
        """The environment is reset: all extensions are gone, and register anew."""
        self._by_name.clear()
        self._open = True

    def register(self, name: str, events: frozenset[str]) -> Extension:
        """Raises ApiError as Lambda refuses: unknown events, a taken name, too many, too late."""
        known = self._by_name.get(name)
        external = known is not None and known.external
        _check_events(events, external)
        if known is None:
            known = self._admit(name)
        elif not external:
            raise ApiError(
                403, "Extension.InvalidExtensionState", "Extension with this name already registered"
            )
        known.advance(Step.REGISTER, name)
        known.events = events
        self._listener.extensions_moved()
        return known

    def _admit(self, name: str) -> Extension:
        if not self._open:
            raise ApiError(403, "Extension.RegistrationClosed", "Extension registration closed already")
        if len(self._by_name) >= MAX_EXTENSIONS:
            raise ApiError(403, "Extension.TooManyExtensions", f"Extension limit ({MAX_EXTENSIONS}) reached")
        extension = self._by_name[name] = Extension(name, external=False)
        return extension

    def find(self, identifier: str) -> Extension | None:
        return next((one for one in self._by_name.values() if one.identifier == identifier), None)

    def next(self, extension: Extension, call: Call) -> None:
        """Serve `event/next`. Raises ApiError."""
        extension.advance(Step.NEXT, extension.identifier)
        extension.poll = call

        def gone() -> None:
            if extension.poll is call:
                extension.poll = None

        call.gone = gone
        self._deliver(extension)
        if extension.state is State.READY:
            self._listener.extensions_moved()

    def fail(self, extension: Extension, step: Step, error_type: str) -> None:
        """Serve `init/error` and `exit/error`. Raises ApiError."""
        before = extension.state
        extension.advance(step, extension.identifier)
        if extension.state is not before:
            self._listener.extension_failed(extension, error_type)

    def tell(self, kind: str, event: dict[str, object]) -> None:
        """Have every extension that subscribed to `kind` told of `event`."""
        body = json.dumps(event, separators=(",", ":")).encode()
        for extension in self._by_name.values():
            if kind in extension.events:
                extension.pending = body
                self._deliver(extension)

    def _deliver(self, extension: Extension) -> None:
        if extension.poll is None or extension.pending is None or extension.state is not State.READY:
            return
        body, extension.pending = extension.pending, None
        call, extension.poll = extension.poll, None
        extension.advance(Step.DELIVERED, extension.identifier)
        headers = {
            "Lambda-Extension-Event-Identifier": str(uuid.uuid4()),
            "Content-Type": "application/json",
        }
        call.reply(Answer(200, body, headers))

    def forget(self, name: str) -> Extension | None:
        """The process of an external extension ended; what it was, if it was announced."""
        gone = self._by_name.pop(name, None)
        if gone is not None:
            self._listener.extensions_moved()
        return gone

    @property
    def registered(self) -> bool:
        """Whether every extension that was announced has registered."""
        return all(one.state is not State.STARTED for one in self._by_name.values())

    @property
    def idle(self) -> bool:
        """Whether every extension has asked for its next event and there is none for it."""
        return all(one.state is State.READY and one.pending is None for one in self._by_name.values())

    @property
    def any(self) -> bool:
        return bool(self._by_name)

    @property
    def any_external(self) -> bool:
        return any(one.external for one in self._by_name.values())


def _check_events(events: frozenset[str], external: bool) -> None:
    for event in sorted(events):
        if event not in ("INVOKE", "SHUTDOWN"):
            raise ApiError(403, "Extension.InvalidEventType", f"{event}: ErrorInvalidEventType")
        if event == "SHUTDOWN" and not external:
            reason = "ShutdownEventNotSupportedForInternalExtension"
            raise ApiError(403, "Extension.InvalidEventType", f"{event}: {reason}")
