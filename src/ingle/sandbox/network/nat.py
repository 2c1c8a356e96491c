"""A way out for sandboxes, by network address translation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Nat(Protocol):
    def inside(self, slot: int) -> Callable[[], None]: ...
    def outside(self, slot: int) -> None: ...
    def close(self) -> None: ...
