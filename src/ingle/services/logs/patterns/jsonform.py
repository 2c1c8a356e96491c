"""Patterns of JSON messages: comparisons of properties, joined by `&&` before `||`, in parentheses or not.

A comparison needs a text or a number to be there: `!=` does not hold for what is missing, or is an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from ingle.services.logs.patterns.values import OPERATORS, comparison, invalid

_Test = Callable[[Any], bool]
_Path = tuple[str | int | None, ...]  # a property, an index, or None for all of them

_SIGN = "|".join(re.escape(sign) for sign in OPERATORS)
_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<path>\$(?:\.?\[(?:\d+|\*|'[^']*'|\"[^\"]*\")\]|\.(?:[\w\-]+|\*))*)"
    rf"|(?P<sign>{_SIGN})"
    r"|(?P<join>&&|\|\||\(|\))"
    r'|"(?P<quoted>(?:\\.|[^"\\])*)"'
    r"|(?P<regex>%[^%]*%)"
    r"|(?P<word>[^\s()&|=<>!\"]+)"
    r")"
)
_STEP = re.compile(
    r"\[(?P<index>\d+|\*)\]|\['(?P<single>[^']*)'\]|\[\"(?P<double>[^\"]*)\"\]|\.(?P<name>[\w\-]+|\*)"
)
_DEPTH = 64  # of parentheses


def parse(text: str) -> Callable[[str], bool]:
    """Raises InvalidParameter."""
    reader = _Reader(text)
    test = reader.either(0)
    reader.expect_end()

    def matches(message: str) -> bool:
        if not message.lstrip().startswith(("{", "[")):  # nearly all that is not JSON
            return False
        try:
            return test(orjson.loads(message))
        except orjson.JSONDecodeError:
            return False

    return matches


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise invalid()
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self._next = 0

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def expect_end(self) -> None:
        if self._peek()[0] != "end":
            raise invalid()

    def either(self, depth: int) -> _Test:
        tests = [self._both(depth)]
        while self._peek() == ("join", "||"):
            self._take()
            tests.append(self._both(depth))
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _both(self, depth: int) -> _Test:
        tests = [self._single(depth)]
        while self._peek() == ("join", "&&"):
            self._take()
            tests.append(self._single(depth))
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _single(self, depth: int) -> _Test:
        if self._peek() == ("join", "("):
            if depth == _DEPTH:
                raise invalid()
            self._take()
            test = self.either(depth + 1)
            if self._take() != ("join", ")"):
                raise invalid()
            return test
        kind, text = self._take()
        if kind != "path":
            raise invalid()
        return self._condition(_path(text))

    def _condition(self, path: _Path) -> _Test:
        kind, sign = self._take()
        if kind == "sign":
            kind, value = self._take()
            if kind not in ("quoted", "regex", "word"):
                raise invalid()
            if kind == "quoted":
                value = re.sub(r"\\(.)", r"\1", value)
            test = comparison(sign, value, kind == "quoted")
            return lambda document: any(test(found) for found in _reach(document, path) if _is_plain(found))
        words = (sign.upper(), self._take()[1].upper())
        if words == ("NOT", "EXISTS"):
            return lambda document: not any(True for _ in _reach(document, path))
        if words[0] == "IS" and words[1] in _CONSTANTS:
            constant = _CONSTANTS[words[1]]
            return lambda document: any(found is constant for found in _reach(document, path))
        raise invalid()


_CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}


def _path(text: str) -> _Path:
    steps: list[str | int | None] = []
    for match in _STEP.finditer(text, 1):
        step = match["index"] or match["name"]
        if step == "*":
            steps.append(None)
        elif match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match[match.lastgroup or "name"])
    return tuple(steps)


def _reach(document: Any, path: _Path) -> Iterator[Any]:
    """What is at `path`."""
    if not path:
        yield document
        return
    step, rest = path[0], path[1:]
    if step is None:
        for each in _inside(document):
            yield from _reach(each, rest)
    elif isinstance(document, dict):
        if step in document:
            yield from _reach(document[step], rest)
    elif isinstance(document, list) and isinstance(step, int) and step < len(document):
        yield from _reach(document[step], rest)


def _inside(document: Any) -> Iterable[Any]:
    if isinstance(document, dict):
        return document.values()
    return document if isinstance(document, list) else ()


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)
