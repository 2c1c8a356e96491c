"""The life of an execution environment: one table, in the words of AWS's documentation.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

INIT → READY ⇄ INVOKE → SHUTDOWN, and RESET after the runtime was lost (crash, timeout, failed init): the
sandbox and its `/tmp` stay, and the runtime starts again inside the next invocation ("suppressed init").
A step that the table does not have is a bug in Ingle and raises `IllegalTransition`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where an environment stands."""

    INIT = "INIT"
    READY = "READY"
    INVOKE = "INVOKE"
    RESET = "RESET"
    SHUTDOWN = "SHUTDOWN"


class Event(StrEnum):
    """What may happen to an environment."""

    INITIALISED = "initialised"
    RUNTIME_LOST = "runtime-lost"
    INVOKED = "invoked"
    ANSWERED = "answered"
    RETIRED = "retired"


class Cause(StrEnum):
    """Who may bring an event about."""

    RUNTIME = "runtime"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: where it leads, who may cause it, the log lines it writes, whether its time is billed."""

    to: Phase
    cause: Cause
    logs: tuple[str, ...]
    billed: bool


class IllegalTransition(AssertionError):
    """An environment was told to do what its phase does not allow: a bug."""


# INIT is billed for every configuration since August 2025, but as part of the first invocation's REPORT,
# which is where its time is logged: https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
TRANSITIONS: dict[tuple[Phase, Event], Transition] = {
    (Phase.INIT, Event.INITIALISED): Transition(Phase.READY, Cause.RUNTIME, (), billed=True),
    (Phase.INIT, Event.RUNTIME_LOST): Transition(Phase.RESET, Cause.RUNTIME, ("INIT_REPORT",), billed=True),
    (Phase.INIT, Event.RETIRED): Transition(Phase.SHUTDOWN, Cause.NODE, (), billed=False),
    (Phase.READY, Event.INVOKED): Transition(Phase.INVOKE, Cause.NODE, ("START",), billed=False),
    (Phase.READY, Event.RUNTIME_LOST): Transition(Phase.RESET, Cause.RUNTIME, (), billed=False),
    (Phase.READY, Event.RETIRED): Transition(Phase.SHUTDOWN, Cause.NODE, (), billed=False),
    (Phase.INVOKE, Event.ANSWERED): Transition(Phase.READY, Cause.RUNTIME, ("END", "REPORT"), billed=True),
    (Phase.INVOKE, Event.RUNTIME_LOST): Transition(
        Phase.RESET, Cause.RUNTIME, ("END", "REPORT"), billed=True
    ),
    (Phase.INVOKE, Event.RETIRED): Transition(Phase.SHUTDOWN, Cause.NODE, ("END", "REPORT"), billed=True),
    (Phase.RESET, Event.INVOKED): Transition(Phase.INVOKE, Cause.NODE, ("START",), billed=False),
    (Phase.RESET, Event.RETIRED): Transition(Phase.SHUTDOWN, Cause.NODE, (), billed=False),
}


def step(phase: Phase, event: Event) -> Phase:
    """The phase after `event`. Raises IllegalTransition where the table has no such step."""
    transition = TRANSITIONS.get((phase, event))
    if transition is None:
        raise IllegalTransition(f"an environment in {phase} was {event}")
    return transition.to
