"""Commands: a query's text as a plan of what is done with each record, and with what is left at the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from ingle.services.logs.insights.expressions import Evaluate, Expression, Expressions
from ingle.services.logs.insights.functions import number, text
from ingle.services.logs.insights.lexing import Words
from ingle.services.logs.insights.records import Record, Value
from ingle.services.logs.insights.statistics import AGGREGATES, Aggregate, percentile

# Takes a record, and says whether it stays.
Step = Callable[[Record], bool]
Figure = tuple[str, Callable[[], Aggregate], Evaluate]

MOST_ROWS = 10_000
_DEFAULT_FIELDS = ["@timestamp", "@message"]


@dataclass
class Plan:
    """`steps` before `stats`, `after` it. `sort`: what by, and whether downwards. `times`: the fields that
    are moments."""

    steps: list[Step] = field(default_factory=list)
    by: list[tuple[str, Evaluate]] | None = None  # None where there is no `stats`
    figures: list[Figure] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)
    sort: list[tuple[Evaluate, bool]] = field(default_factory=list)
    limit: int = MOST_ROWS
    shown: list[str] = field(default_factory=list)
    times: set[str] = field(default_factory=lambda: {"@timestamp", "@ingestionTime"})

    def key(self, record: Record) -> tuple[tuple[int, float, str], ...]:
        """Where a record stands in the order that is wanted."""
        return tuple(_rank(evaluate(record), down) for evaluate, down in self.sort)


def compile_query(query: str) -> Plan:
    """Raises MalformedQuery."""
    reader = _Reader(Words(query))
    reader.read()
    plan = reader.plan
    if not plan.sort and plan.by is None:
        plan.sort = [(lambda record: record.get("@timestamp"), True)]
    if not plan.shown:
        plan.shown = list(_DEFAULT_FIELDS)
    return plan


class _Reader:
    def __init__(self, words: Words) -> None:
        self.plan = Plan()
        self._words = words
        self._expressions = Expressions(words)

    def read(self) -> None:
        commands = {
            "fields": self._fields,
            "display": self._display,
            "filter": self._filter,
            "parse": self._parse,
            "stats": self._stats,
            "sort": self._sort,
            "limit": self._limit,
        }
        if self._words.peek().kind == "end":
            return
        while True:
            self._words.accept("|")
            commands[self._words.expect(*commands)]()
            if self._words.peek().kind == "end":
                return
            if self._words.peek().text != "|":
                self._words.refuse("expected |")

    @property
    def _steps(self) -> list[Step]:
        return self.plan.steps if self.plan.by is None else self.plan.after

    def _fields(self) -> None:
        while True:
            name, expression = self._named()
            self.plan.shown = [*(each for each in self.plan.shown if each != name), name]
            if name != expression.name or not _is_field(expression.name):
                self._steps.append(_assign(name, expression.evaluate))
            if not self._words.accept(","):
                return

    def _display(self) -> None:
        self.plan.shown = []
        self._fields()

    def _filter(self) -> None:
        condition = self._expressions.condition()
        self._steps.append(lambda record: bool(condition(record)))

    def _parse(self) -> None:
        """`parse @message "user=*, id=*" as user, id`, or `parse @message /(?<user>\\w+)/`."""
        source = "@message"
        if self._words.peek().kind == "name":
            source = self._words.take().text
        regex = self._words.regex()
        if regex is None:
            word = self._words.take()
            if word.kind != "text":
                self._words.refuse("expected a text or a regular expression", word.at)
            end = "$" if word.text.endswith("*") else ""
            regex = re.compile("(.*?)".join(map(re.escape, word.text.split("*"))) + end, re.DOTALL)
            self._words.expect("as")
            names = [self._words.take().text]
            while self._words.accept(","):
                names.append(self._words.take().text)
            if len(names) != regex.groups:
                self._words.refuse(f"{regex.groups} wildcards need as many names", word.at)
        else:
            names = sorted(regex.groupindex, key=regex.groupindex.__getitem__)
        self._steps.append(_extract(source, regex, names))
        self.plan.shown = [*self.plan.shown, *(name for name in names if name not in self.plan.shown)]

    def _stats(self) -> None:
        if self.plan.by is not None:
            self._refuse_more("stats")
        self.plan.figures = [self._figure()]
        while self._words.accept(","):
            self.plan.figures.append(self._figure())
        by: list[tuple[str, Evaluate]] = []
        if self._words.accept("by"):
            while True:
                name, expression = self._named()
                by.append((name, expression.evaluate))
                if not self._words.accept(","):
                    break
        self.plan.by = by
        self.plan.shown = [*(name for name, _ in by), *(name for name, _, _ in self.plan.figures)]

    def _figure(self) -> Figure:
        word = self._words.take()
        function = word.text.lower()
        if word.kind != "name" or (function not in AGGREGATES and function != "pct"):
            self._words.refuse(f"expected one of {', '.join([*AGGREGATES, 'pct'])}", word.at)
        self._words.expect("(")
        name = "*"
        evaluate: Evaluate = _always
        if self._words.accept("*") is None and self._words.peek().text != ")":
            inner = self._expressions.value()
            name, evaluate = inner.name, inner.evaluate
        make = AGGREGATES.get(function)
        if make is None:
            self._words.expect(",")
            percent = float(self._number())
            name = f"{name}, {percent:g}"
            make = percentile(min(percent, 100.0))
        self._words.expect(")")
        return self._alias(f"{function}({name})"), make, evaluate

    def _sort(self) -> None:
        while True:
            expression = self._expressions.value()
            direction = self._words.accept("asc", "desc")
            self.plan.sort.append((expression.evaluate, direction == "desc"))
            if not self._words.accept(","):
                return

    def _limit(self) -> None:
        self.plan.limit = min(self.plan.limit, int(float(self._number())))

    def _named(self) -> tuple[str, Expression]:
        expression = self._expressions.value()
        name = self._alias(expression.name)
        if expression.is_time:
            self.plan.times.add(name)
        return name, expression

    def _alias(self, name: str) -> str:
        return self._words.take().text if self._words.accept("as") else name

    def _number(self) -> str:
        word = self._words.take()
        if word.kind != "number":
            self._words.refuse("expected a number", word.at)
        return word.text

    def _refuse_more(self, command: str) -> NoReturn:
        self._words.refuse(f"Ingle takes one {command} command only")


def _always(record: Record) -> Value:
    return 1


def _is_field(name: str) -> bool:
    return re.fullmatch(r"[@\w.]+", name) is not None


def _assign(name: str, evaluate: Evaluate) -> Step:
    def step(record: Record) -> bool:
        record.values[name] = evaluate(record)
        return True

    return step


def _extract(source: str, regex: re.Pattern[str], names: list[str]) -> Step:
    def step(record: Record) -> bool:
        match = regex.search(text(record.get(source)))
        if match is not None:
            record.values.update(zip(names, match.groups(), strict=False))
        return True

    return step


def _rank(value: Value, down: bool) -> tuple[int, float, str]:
    """Numbers before texts before nothing, each turned round where the order is."""
    found = number(value)
    if found is not None:
        return 0, -found if down else found, ""
    written = text(value)
    if down:  # characters counted from the other end, and the longer of two first
        written = "".join(chr(0x10FFFF - ord(each)) for each in written) + "\U0010ffff"
    return (1 if value is not None else 2), 0.0, written
