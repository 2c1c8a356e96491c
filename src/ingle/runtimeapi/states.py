"""What a runtime may ask for when: the table, with the state names that Lambda's refusals have.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

from enum import StrEnum

from ingle.runtimeapi.message import ApiError


class State(StrEnum):
    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RUNNING = "Running"
    RESPONSE = "InvocationResponse"
    ERROR_RESPONSE = "InvocationErrorResponse"
    RESPONSE_SENT = "RuntimeResponseSentState"
    RESTORE_READY = "RestoreReady"
    RESTORING = "Restoring"
    RESTORE_ERROR = "RestoreError"


class Step(StrEnum):
    """What happens to a runtime: its own calls, and what the node does in answer to them."""

    NEXT = "invocation/next"
    DELIVERED = "an event was delivered"
    RESPONSE = "invocation/response"
    ERROR = "invocation/error"
    SENT = "the answer was taken"
    INIT_ERROR = "init/error"
    RESTORE_NEXT = "restore/next"
    RESTORED = "the snapshot was restored"
    RESTORE_ERROR = "restore/error"


# A runtime that asks for the next event while it has one gets that one again: its first request may have
# been lost. One that asks while it waits waits on: only its latest request is answered.
STEPS: dict[tuple[State, Step], State] = {
    (State.STARTED, Step.NEXT): State.READY,
    (State.STARTED, Step.INIT_ERROR): State.INIT_ERROR,
    (State.STARTED, Step.RESTORE_NEXT): State.RESTORE_READY,
    (State.RESTORE_READY, Step.RESTORED): State.RESTORING,
    (State.RESTORING, Step.NEXT): State.READY,
    (State.RESTORING, Step.RESTORE_ERROR): State.RESTORE_ERROR,
    (State.READY, Step.NEXT): State.READY,
    (State.READY, Step.DELIVERED): State.RUNNING,
    (State.RUNNING, Step.NEXT): State.RUNNING,
    (State.RUNNING, Step.RESPONSE): State.RESPONSE,
    (State.RUNNING, Step.ERROR): State.ERROR_RESPONSE,
    (State.RESPONSE, Step.SENT): State.RESPONSE_SENT,
    (State.ERROR_RESPONSE, Step.SENT): State.RESPONSE_SENT,
    (State.RESPONSE_SENT, Step.NEXT): State.READY,
}

# Where a runtime's call would have led, as the refusal says it.
_WANTED: dict[Step, State] = {
    Step.NEXT: State.READY,
    Step.RESPONSE: State.RESPONSE,
    Step.ERROR: State.ERROR_RESPONSE,
    Step.INIT_ERROR: State.INIT_ERROR,
    Step.RESTORE_NEXT: State.RESTORE_READY,
    Step.RESTORE_ERROR: State.RESTORE_ERROR,
}


def advance(state: State, step: Step) -> State:
    """The state after `step`. Raises ApiError, 403, for a call in the wrong order."""
    following = STEPS.get((state, step))
    if following is None:
        raise ApiError(
            403,
            "InvalidStateTransition",
            f"State transition from {state} to {_WANTED[step]} failed for runtime. "
            "Error: State transition is not allowed",
        )
    return following
