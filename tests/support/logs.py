"""A log stream that is a list."""

from __future__ import annotations

from collections.abc import Callable


class ListStream:
    """`LogStream`; `congested` is the test's to set."""

    def __init__(self, name: str = "stream") -> None:
        self.name = name
        self.events: list[tuple[int, str]] = []
        self.bound: int | None = None  # events, from which on it is congested
        self.waiting: list[Callable[[], None]] = []
        self.closed = False

    def append(self, timestamp_ms: int, text: str) -> None:
        self.events.append((timestamp_ms, text))

    @property
    def congested(self) -> bool:
        return self.bound is not None and len(self.events) >= self.bound

    def when_clear(self, callback: Callable[[], None]) -> None:
        self.waiting.append(callback)

    def clear(self) -> None:
        """The disk has caught up."""
        self.bound = None
        waiting, self.waiting = self.waiting, []
        for callback in waiting:
            callback()

    def close(self) -> None:
        self.closed = True

    @property
    def lines(self) -> list[str]:
        return [text for _, text in self.events]
