"""Operations that are not there yet, and what their callers are told to use instead."""

from __future__ import annotations

_INSTEAD = {
    "InvokeAsync": "It is deprecated: AWS's documentation says to use Invoke with InvocationType Event.",
}


def why(operation: str) -> str:
    """A sentence after a space on an operation that is not there, or nothing."""
    if "DurableExecution" in operation:
        return " Durable executions are not there: functions with a DurableConfig run as others do."
    instead = _INSTEAD.get(operation)
    return "" if instead is None else f" {instead}"
