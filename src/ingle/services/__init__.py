"""Neighbouring AWS services, one independent folder each; they reach functions only through the public API.

`Services` is where a service registers under the name that signatures have for it; `edge` asks it who
answers a request.
"""

from __future__ import annotations

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


class Services:
    """The services by the name that they have in signatures. Filled by the composition root."""

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}

    def add(self, name: str, service: Service) -> None:
        """Raises ValueError where the name is taken."""
        if name in self._services:
            raise ValueError(f"the service {name} is registered already")
        self._services[name] = service

    def get(self, name: str) -> Service | None:
        return self._services.get(name)


__all__ = ["Caller", "Service", "Services"]
