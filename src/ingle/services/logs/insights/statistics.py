"""`stats`: what is counted, of which groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ingle.services.logs.insights.functions import number, text
from ingle.services.logs.insights.records import Record, Value


class Aggregate(Protocol):
    """One figure of one group."""

    def add(self, value: Value) -> None: ...
    def result(self) -> Value: ...


class _Count:
    """Of records, or of those whose value is there."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Value) -> None:
        self._count += value is not None

    def result(self) -> Value:
        return self._count


class _Distinct:
    def __init__(self) -> None:
        self._seen: set[str] = set()

    def add(self, value: Value) -> None:
        if value is not None:
            self._seen.add(text(value))

    def result(self) -> Value:
        return len(self._seen)


class _Numbers:
    """What needs all numbers at the end."""

    def __init__(self, finish: Callable[[list[float]], Value]) -> None:
        self._numbers: list[float] = []
        self._finish = finish

    def add(self, value: Value) -> None:
        found = number(value)
        if found is not None:
            self._numbers.append(found)

    def result(self) -> Value:
        return self._finish(self._numbers) if self._numbers else None


class _Fold:
    """What needs only the last result: sum, least, greatest."""

    def __init__(self, step: Callable[[float, float], float]) -> None:
        self._value: float | None = None
        self._step = step

    def add(self, value: Value) -> None:
        found = number(value)
        if found is not None:
            self._value = found if self._value is None else self._step(self._value, found)

    def result(self) -> Value:
        return self._value


class _Average:
    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, value: Value) -> None:
        found = number(value)
        if found is not None:
            self._sum += found
            self._count += 1

    def result(self) -> Value:
        return self._sum / self._count if self._count else None


class _First:
    """Of the values in the order of time, the first or the last."""

    def __init__(self, latest: bool) -> None:
        self._value: Value = None
        self._latest = latest

    def add(self, value: Value) -> None:
        if value is not None and (self._latest or self._value is None):
            self._value = value

    def result(self) -> Value:
        return self._value


def percentile(percent: float) -> Callable[[], Aggregate]:
    """What makes an aggregate of the value below which `percent` % are."""

    def finish(numbers: list[float]) -> Value:
        numbers.sort()
        place = percent / 100 * (len(numbers) - 1)
        low = math.floor(place)
        high = min(low + 1, len(numbers) - 1)
        return numbers[low] + (numbers[high] - numbers[low]) * (place - low)

    return lambda: _Numbers(finish)


def _deviation(numbers: list[float]) -> Value:
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((each - mean) ** 2 for each in numbers) / len(numbers))


AGGREGATES: Mapping[str, Callable[[], Aggregate]] = {
    "count": _Count,
    "count_distinct": _Distinct,
    "avg": _Average,
    "sum": lambda: _Fold(lambda one, other: one + other),
    "min": lambda: _Fold(min),
    "max": lambda: _Fold(max),
    "median": percentile(50),
    "stddev": lambda: _Numbers(_deviation),
    "earliest": lambda: _First(latest=False),
    "latest": lambda: _First(latest=True),
}


class Groups:
    """The groups of one `stats` while records come. `most` bounds them; OverflowError beyond."""

    def __init__(
        self,
        by: Sequence[tuple[str, Callable[[Record], Value]]],
        figures: Sequence[tuple[str, Callable[[], Aggregate], Callable[[Record], Value]]],
        most: int,
    ) -> None:
        self._by = by
        self._figures = figures
        self._most = most
        self._groups: dict[tuple[Value, ...], list[Aggregate]] = {}

    def add(self, record: Record) -> None:
        key = tuple(evaluate(record) for _, evaluate in self._by)
        aggregates = self._groups.get(key)
        if aggregates is None:
            if len(self._groups) >= self._most:
                raise OverflowError
            aggregates = self._groups[key] = [make() for _, make, _ in self._figures]
        for aggregate, (_, _, evaluate) in zip(aggregates, self._figures, strict=True):
            aggregate.add(evaluate(record))

    def rows(self) -> list[Record]:
        """A record for each group: what it is grouped by, then its figures."""
        return [
            Record(
                {
                    **{name: value for (name, _), value in zip(self._by, key, strict=True)},
                    **{
                        name: each.result()
                        for (name, _, _), each in zip(self._figures, aggregates, strict=True)
                    },
                }
            )
            for key, aggregates in self._groups.items()
        ]
