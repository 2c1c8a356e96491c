"""What this machine can run: a port, so that the API need not know interpreters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Available:
    """The runtime is installed."""


@dataclass(frozen=True)
class Missing:
    """The runtime is not installed; `message` says how to get it."""

    message: str


class RuntimeCatalogue(Protocol):
    """Knows which runtimes are installed."""

    def availability(self, runtime: str) -> Available | Missing:
        """Whether functions of a runtime (an identifier such as `python3.12`) can run here."""
        ...
