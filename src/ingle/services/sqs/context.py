"""What an operation knows of its request, and the form that operations have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.store.queues import QueueKey


@dataclass(frozen=True, slots=True)
class Context:
    """endpoint: how the caller reached this node, such as `http://127.0.0.1:4566`. trace_header: the
    X-Amzn-Trace-Id that the request came with."""

    account: str
    region: str
    endpoint: str
    trace_header: str | None = None

    def url(self, key: QueueKey) -> str:
        """The URL of a queue, at the address that the caller uses."""
        return f"{self.endpoint}/{key.account}/{key.name}"


Answer = dict[str, Any]
# The request has been read by the service model, which says what required members it has.
Handler = Callable[[Context, Any], Awaitable[Answer]]
Handlers = Mapping[str, Handler]
