"""Time is injected: retries wait minutes and keep-alive waits more, and tests wait for neither."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how much has passed."""

    def time(self) -> float:
        """Seconds since the epoch, for what is shown and stored."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment, never going back, for deadlines and ages."""
        ...


class SystemClock:
    """The machine's clock."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class FakeClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, epoch: float = 1_767_225_600.0) -> None:
        self._epoch = epoch
        self._passed = 0.0

    def time(self) -> float:
        return self._epoch + self._passed

    def monotonic(self) -> float:
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative number: time does not go back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._passed += seconds


def timestamp(epoch: float) -> str:
    """A moment as Lambda writes it: `2026-01-01T00:00:00.000+0000`, cut to milliseconds.

    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (LastModified)
    """
    moment = datetime.fromtimestamp(epoch, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def timestamp_seconds(epoch: float) -> str:
    """A moment as Lambda writes it about provisioned concurrency: `2026-01-01T00:00:00+0000`."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%S}+0000"


def utc_date(epoch: float) -> date:
    """The calendar day of a moment, in UTC: deprecation dates are days."""
    return datetime.fromtimestamp(epoch, UTC).date()
