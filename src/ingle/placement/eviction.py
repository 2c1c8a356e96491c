"""Which idle environments go when memory is wanted. Pure policy: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Idle(Generic[T]):
    """An environment that could go: its memory in MB, and when it was last used (any clock)."""

    environment: T
    memory_mb: int
    idle_since: float


def choose_victims(needed_mb: int, free_mb: int, idle: Iterable[Idle[T]]) -> list[T] | None:
    """The environments to evict so that `needed_mb` fit, the longest idle first; None where nothing helps.

    Evicts no more than it must: an environment that turns out not to be needed, because a larger one came
    after it in the order, is spared.
    """
    missing = needed_mb - free_mb
    if missing <= 0:
        return []
    chosen: list[Idle[T]] = []
    for candidate in sorted(idle, key=lambda one: one.idle_since):
        if missing <= 0:
            break
        chosen.append(candidate)
        missing -= candidate.memory_mb
    if missing > 0:
        return None
    # Spare the most recently used of those that the sum does not need.
    for candidate in reversed(chosen[:-1]):
        if missing + candidate.memory_mb <= 0:
            chosen.remove(candidate)
            missing += candidate.memory_mb
    return [one.environment for one in chosen]
