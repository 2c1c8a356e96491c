"""The life of a function version, as two tables: `State`, and `LastUpdateStatus` beside it.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html

A new version is Pending and becomes Active or Failed. An update leaves `State` as it is (a failed function
gets another chance: it is Pending again) and goes through InProgress. A step that the tables do not have is a
bug in Ingle and raises `IllegalTransition`. Idle functions are not reclaimed here, so nothing leads to
Inactive; the state is kept because AWS's clients know it.
"""

from __future__ import annotations

from enum import StrEnum

from ingle.model.errors import ResourceConflict


class State(StrEnum):
    PENDING = "Pending"
    ACTIVE = "Active"
    INACTIVE = "Inactive"
    FAILED = "Failed"
    DEACTIVATING = "Deactivating"
    DEACTIVATED = "Deactivated"
    ACTIVE_NON_INVOCABLE = "ActiveNonInvocable"
    DELETING = "Deleting"


class LastUpdateStatus(StrEnum):
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    IN_PROGRESS = "InProgress"


class IllegalTransition(AssertionError):
    """A function was led from a state to one that does not follow it: a bug."""


STATES: dict[State | None, frozenset[State]] = {
    None: frozenset({State.PENDING}),
    State.PENDING: frozenset({State.ACTIVE, State.FAILED}),
    State.ACTIVE: frozenset(),
    State.FAILED: frozenset({State.PENDING}),
}

UPDATES: dict[LastUpdateStatus | None, frozenset[LastUpdateStatus]] = {
    None: frozenset({LastUpdateStatus.SUCCESSFUL, LastUpdateStatus.FAILED}),  # the creation's own end
    LastUpdateStatus.SUCCESSFUL: frozenset({LastUpdateStatus.IN_PROGRESS}),
    LastUpdateStatus.FAILED: frozenset({LastUpdateStatus.IN_PROGRESS}),
    LastUpdateStatus.IN_PROGRESS: frozenset({LastUpdateStatus.SUCCESSFUL, LastUpdateStatus.FAILED}),
}

CREATING = ("The function is being created.", "Creating")  # reason and reason code, of updates as well


def check_state(before: State | None, after: State) -> None:
    """Raises IllegalTransition where `State` may not become `after`; staying is always allowed."""
    if before is not after and after not in STATES.get(before, frozenset()):
        raise IllegalTransition(f"a function in state {before} became {after}")


def check_update(before: LastUpdateStatus | None, after: LastUpdateStatus) -> None:
    """Raises IllegalTransition where `LastUpdateStatus` may not become `after`."""
    if after not in UPDATES[before]:
        raise IllegalTransition(f"an update in status {before} became {after}")


def require_settled(state: State, update: LastUpdateStatus | None, arn: str) -> None:
    """Refuse to change a function that is being created or updated. Raises ResourceConflict."""
    if update is LastUpdateStatus.IN_PROGRESS:
        raise update_in_progress(arn)
    if state is State.PENDING:
        raise _in_state(state)


def require_invocable(state: State) -> None:
    """Refuse to invoke a function that cannot run now. Raises ResourceConflict.

    A function whose update is in progress is invocable: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    """
    if state is not State.ACTIVE:
        raise _in_state(state)


def update_in_progress(arn: str) -> ResourceConflict:
    """AWS's answer to a change of a function that another change has not left yet."""
    return ResourceConflict(
        f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    )


def _in_state(state: State) -> ResourceConflict:
    return ResourceConflict(
        "The operation cannot be performed at this time. "
        f"The function is currently in the following state: {state}"
    )
