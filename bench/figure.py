"""A figure beside its floor or rival, and how it is written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class BenchError(Exception):
    """Something could not be measured; the text says what and why."""


@dataclass(frozen=True)
class Goal:
    """What a figure's ratio, or (`absolute`) its value, should be: at most or at least that."""

    at_most: float | None = None
    at_least: float | None = None
    absolute: bool = False

    def met(self, value: float, ratio: float | None) -> bool:
        measured = value if self.absolute or ratio is None else ratio
        low = self.at_least is None or measured >= self.at_least
        return low and (self.at_most is None or measured <= self.at_most)

    def text(self, unit: str) -> str:
        show = (lambda number: show_value(number, unit)) if self.absolute else show_ratio
        parts = []
        if self.at_most is not None:
            parts.append(f"at most {show(self.at_most)}")
        if self.at_least is not None:
            parts.append(f"at least {show(self.at_least)}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Figure:
    """`value` is Ingle's, in `unit`; `other` that of the floor or rival named `beside`, if it has one.
    `other` is None with a `beside` where it could not be had."""

    name: str
    value: float
    unit: str
    beside: str = ""
    other: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        return None if not self.other else self.value / self.other

    @property
    def met(self) -> bool | None:
        if self.goal is None or (self.beside and self.ratio is None):
            return None
        return self.goal.met(self.value, self.ratio)


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table, a figure a row."""
    rows = ["| figure | Ingle | floor or rival | ratio | goal | met? |", "|---|---|---|---|---|---|"]
    for one in figures:
        other = f"{show_value(one.other, one.unit)} ({one.beside})" if one.other is not None else ""
        if one.beside and one.other is None:
            other = f"not to be had ({one.beside})"
        ratio = show_ratio(one.ratio) if one.ratio is not None else ""
        goal = one.goal.text(one.unit) if one.goal is not None else ""
        met = {True: "yes", False: "**no**", None: ""}[one.met]
        rows.append(
            f"| {one.name} | {show_value(one.value, one.unit)} | {other} | {ratio} | {goal} | {met} |"
        )
    return "\n".join(rows) + "\n"


def show_ratio(ratio: float) -> str:
    """`2.8x`, and what is below one as a fraction: `1/5.2`."""
    return f"{ratio:.2f}x" if ratio >= 0.95 else f"1/{1 / ratio:.1f}"


def show_value(value: float, unit: str) -> str:
    if unit == "s" and value < 1:
        value, unit = value * 1e3, "ms"
        if value < 1:
            value, unit = value * 1e3, "µs"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{'' if unit.startswith('/') else ' '}{unit}"
