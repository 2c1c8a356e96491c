"""Expressions: from a query's words to a function of a record.

Loosest first: `or`; `and`; `not`; comparisons, `like`, `in`; `+ -`; `* / %`; `^`; values.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ingle.services.logs.insights.functions import (
    ARITHMETIC,
    FUNCTIONS,
    TIME_FIELDS,
    number,
    period,
    text,
)
from ingle.services.logs.insights.lexing import Words
from ingle.services.logs.insights.records import Record, Value

Evaluate = Callable[[Record], Value]

_COMPARE: Mapping[str, Callable[[float | str, float | str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DEPTH = 50  # of parentheses and calls


@dataclass(frozen=True)
class Expression:
    """`name`: what its column is called where it has no alias. `is_time`: its value is a moment in
    milliseconds."""

    evaluate: Evaluate
    name: str
    is_time: bool = False


class Expressions:
    """Reads expressions from `words`. What it does not know it refuses with MalformedQuery."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._depth = 0

    def condition(self) -> Evaluate:
        choices = [self._all()]
        while self._words.accept("or"):
            choices.append(self._all())
        if len(choices) == 1:
            return choices[0]
        return lambda record: any(choice(record) for choice in choices)

    def value(self) -> Expression:
        """Without comparisons: what `fields`, `stats` and `sort` take."""
        first = self._product()
        while sign := self._words.accept("+", "-"):
            first = _joined(sign, first, self._product())
        return first

    def _all(self) -> Evaluate:
        tests = [self._negation()]
        while self._words.accept("and"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _negation(self) -> Evaluate:
        if self._words.accept("not"):
            test = self._negation()
            return lambda record: not test(record)
        return self._comparison()

    def _comparison(self) -> Evaluate:
        left = self.value().evaluate
        if sign := self._words.accept(*_COMPARE):
            return _compared(left, sign, self.value().evaluate)
        if self._words.accept("=~"):
            return self._like(left)
        negated = self._words.accept("not") is not None
        test = left
        if self._words.accept("like"):
            test = self._like(left)
        elif self._words.accept("in"):
            test = self._among(left)
        elif negated:
            self._words.refuse("expected like or in")
        return (lambda record: not test(record)) if negated else test

    def _like(self, left: Evaluate) -> Evaluate:
        regex = self._words.regex()
        if regex is not None:
            return lambda record: regex.search(text(left(record))) is not None
        word = self._words.take()
        if word.kind != "text":
            self._words.refuse("expected a text or a regular expression")
        if "%" in word.text:
            pattern = re.compile(".*".join(map(re.escape, word.text.split("%"))), re.DOTALL)
            return lambda record: pattern.fullmatch(text(left(record))) is not None
        return lambda record: word.text in text(left(record))

    def _among(self, left: Evaluate) -> Evaluate:
        self._words.expect("[")
        tests = [_compared(left, "=", self.value().evaluate)]
        while self._words.accept(","):
            tests.append(_compared(left, "=", self.value().evaluate))
        self._words.expect("]")
        return lambda record: any(test(record) for test in tests)

    def _product(self) -> Expression:
        first = self._power()
        while sign := self._words.accept("*", "/", "%"):
            first = _joined(sign, first, self._power())
        return first

    def _power(self) -> Expression:
        first = self._single()
        return _joined("^", first, self._power()) if self._words.accept("^") else first

    def _single(self) -> Expression:
        self._depth += 1
        if self._depth > _DEPTH:
            self._words.refuse("too many parentheses")
        try:
            return self._atom()
        finally:
            self._depth -= 1

    def _atom(self) -> Expression:
        if self._words.accept("("):
            inner = self.condition()
            self._words.expect(")")
            return Expression(inner, "expression")
        if self._words.accept("-"):
            inner_value = self._single()
            return _joined("-", Expression(lambda record: 0, ""), inner_value)
        word = self._words.peek()
        if word.kind == "number":
            self._words.take()
            constant = float(word.text) if "." in word.text else int(word.text)
            return Expression(lambda record: constant, word.text)
        if word.kind == "text":
            self._words.take()
            return Expression(lambda record: word.text, word.text)
        if word.kind != "name":
            self._words.refuse("expected a value")
        self._words.take()
        if self._words.accept("("):
            return self._call(word.text)
        name = word.text
        return Expression(lambda record: record.get(name), name, name in TIME_FIELDS)

    def _call(self, name: str) -> Expression:
        if name.lower() == "bin":
            return self._bin("@timestamp")
        if name.lower() == "datefloor":
            field = self._words.take().text
            self._words.expect(",")
            return self._bin(field)
        work = FUNCTIONS.get(name.lower())
        if work is None:
            self._words.refuse(f"unknown function {name}")
        arguments = []
        if not self._words.accept(")"):
            arguments.append(self.condition())
            while self._words.accept(","):
                arguments.append(self.condition())
            self._words.expect(")")

        def call(record: Record) -> Value:
            try:
                return work(*(argument(record) for argument in arguments))  # type: ignore[no-any-return]
            except (TypeError, ValueError):  # too many or too few arguments: AWS answers nothing as well
                return None

        return Expression(call, f"{name}()", name.lower() == "frommillis")

    def _bin(self, field: str) -> Expression:
        word = self._words.take()
        written = word.text
        if word.kind == "number":  # `5 m` is `5m`
            written += self._words.take().text
        milliseconds = period(written)
        if milliseconds is None:
            self._words.refuse("expected a period such as 5m", word.at)
        self._words.expect(")")

        def floor(record: Record) -> Value:
            at = number(record.get(field))
            return None if at is None else int(at) // milliseconds * milliseconds

        return Expression(floor, f"bin({written})", is_time=True)


def _joined(sign: str, left: Expression, right: Expression) -> Expression:
    work = ARITHMETIC[sign]
    return Expression(
        lambda record: work(left.evaluate(record), right.evaluate(record)),
        f"{left.name} {sign} {right.name}".strip(),
    )


def _compared(left: Evaluate, sign: str, right: Evaluate) -> Evaluate:
    compare = _COMPARE[sign]

    def test(record: Record) -> bool:
        one, other = left(record), right(record)
        if one is None or other is None:
            return sign == "!=" and one is not other
        first, second = number(one), number(other)
        if first is not None and second is not None:
            return compare(first, second)
        return compare(text(one), text(other))

    return test
