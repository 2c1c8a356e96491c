"""Neighbouring AWS services, one independent folder each; they reach functions only through the public API.

`Services` is where a service registers under the name that signatures have for it; `edge` asks it who
answers a request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from ingle.wire.message import Request, Response


class Caller(Protocol):
    """Whose request it is. `access_key_id` is None where it is not signed."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def access_key_id(self) -> str | None: ...


class Service(Protocol):
    """A neighbouring service."""

    async def answer(self, request: Request, caller: Caller) -> Response:
        """The answer to any request; never raises but for cancellation, which comes when the client goes."""
        ...


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is handed on piece by piece: objects are larger than memory.

    `headers` are pairs, because a name may come twice; framing headers other than Content-Length are the
    listener's work. `close` is called when no more of `body` is wanted, whether it was read or not.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes]
    close: Callable[[], None] = lambda: None


class StreamingService(Protocol):
    """A neighbouring service to which bodies go as they come."""

    async def serve(
        self, name: str, request: Request, body: AsyncIterator[bytes], caller: Caller
    ) -> Streamed:
        """The answer to a request for the service `name`; `request` is without its body, which `body` has.

        Never raises but for cancellation and for what `body` raises.
        """
        ...


class Services:
    """The services by the name that they have in signatures. Filled by the composition root."""

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}
        self._streaming: dict[str, StreamingService] = {}
        self._others: StreamingService | None = None

    def add(self, name: str, service: Service) -> None:
        """Raises ValueError where the name is taken."""
        if name in self._services:
            raise ValueError(f"the service {name} is registered already")
        self._services[name] = service

    def get(self, name: str) -> Service | None:
        return self._services.get(name)

    def instead(self, name: str, service: StreamingService) -> None:
        """Have `service` answer for `name`, whoever else is registered for it."""
        self._streaming[name] = service

    def others(self, service: StreamingService) -> None:
        """Have `service` answer for every name that nobody else is registered for."""
        self._others = service

    def streaming(self, name: str) -> StreamingService | None:
        """Who answers for `name` piece by piece; None where nobody does, or `get` has it."""
        found = self._streaming.get(name)
        if found is None and name not in self._services:
            found = self._others
        return found


__all__ = ["Caller", "Service", "Services", "Streamed", "StreamingService"]
