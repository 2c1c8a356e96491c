"""Which operations of Lambda's API there are, and what a handler gets and gives.

A handler takes the caller's context and the request, parsed and checked against the service model (names and
types of botocore's shapes, blobs as bytes), and returns the answer's members or raises an `IngleError`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.controlplane.pending import why
from ingle.model.errors import AccessDenied, NotImplementedYet
from ingle.model.layers import LayerKey
from ingle.model.names import FunctionKey


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who calls, and from where.

    endpoint: how the caller reached this node, such as `http://127.0.0.1:4566`, for URLs in answers.
    trace_header: the X-Amzn-Trace-Id that the request came with.
    """

    account: str
    region: str
    request_id: str
    endpoint: str
    access_key_id: str | None = None
    trace_header: str | None = None


Answer = dict[str, Any]
# The request is a TypedDict of its own for each operation; the service model has checked it before.
Handler = Callable[[RequestContext, Any], Awaitable[Answer]]


class Handlers:
    """Operations by name. Filled by the composition root: each resource registers its own."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._notes: dict[str, str] = {}

    def add(self, operation: str, handler: Handler, note: str | None = None) -> None:
        """Have `handler` answer `operation`.

        `note` says what is stored and not acted upon yet; `docs/api-coverage.md` shows it. Raises ValueError
        for an operation that has a handler.
        """
        if operation in self._handlers:
            raise ValueError(f"{operation} has a handler already")
        self._handlers[operation] = handler
        if note is not None:
            self._notes[operation] = note

    @property
    def operations(self) -> Mapping[str, Handler]:
        return self._handlers

    @property
    def notes(self) -> Mapping[str, str]:
        """What operations do not act upon yet, by their names."""
        return self._notes

    async def call(self, operation: str, context: RequestContext, request: Mapping[str, Any]) -> Answer:
        """The answer to a request. Raises NotImplementedYet where there is no handler."""
        handler = self._handlers.get(operation)
        if handler is None:
            raise NotImplementedYet(f"Ingle does not have the operation {operation} yet.{why(operation)}")
        return await handler(context, request)


def require_own_account(context: RequestContext, key: FunctionKey | LayerKey, action: str) -> None:
    """Refuse another account's function or layer: nothing can grant access to it yet. Raises AccessDenied."""
    if key.account != context.account:
        caller = f"arn:aws:iam::{context.account}:root"
        raise AccessDenied(
            f"User: {caller} is not authorized to perform: lambda:{action} on resource: {key.arn} "
            f"because no resource-based policy allows the lambda:{action} action"
        )


def refuse_unsupported(request: Mapping[str, Any], members: Mapping[str, str]) -> None:
    """Refuse members that would be ignored otherwise. `members`: what each one is, in plain words.

    Raises NotImplementedYet.
    """
    for name, meaning in members.items():
        if request.get(name):
            raise NotImplementedYet(f"Ingle does not have {meaning} yet ({name}).")
