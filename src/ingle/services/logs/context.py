"""What an operation knows of its request, and the form that operations have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.store.loggroups import LogGroupKey


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and where."""

    account: str
    region: str

    def key(self, name: str) -> LogGroupKey:
        """A group of the caller's."""
        return LogGroupKey(self.account, self.region, name)


Answer = dict[str, Any]
# The request has been read and checked by the service model.
Handler = Callable[[Context, Any], Awaitable[Answer]]
Handlers = Mapping[str, Handler]
