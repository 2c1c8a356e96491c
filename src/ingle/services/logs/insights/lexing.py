"""A query's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from ingle.services.logs.errors import MalformedQuery

_WORD = re.compile(
    r"\s+|#[^\n]*"
    r"|(?P<number>\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<period>\d+(?:ms|s|m|h|d|w|mo|q|y)\b)"
    r"|(?P<text>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"
    r"|(?P<name>[@A-Za-z_][\w.@]*|`[^`]+`)"
    r"|(?P<sign>=~|!=|<=|>=|[=<>+\-*%^(),|\[\]])"
    r"|(?P<slash>/)"
)
_REGEX = re.compile(r"/((?:\\.|[^/\\])+)/")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z])")  # as Java writes what Python writes (?P<
_LITERAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # an escape, or a class
_REPEATS = ("*", "+", "{")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Word:
    """`kind`: number, period, text, name, sign or end. `text`: without quotes. `at`: where it begins."""

    kind: str
    text: str
    at: int


class Words:
    """The words of a query, taken one by one. A regex is asked for, because `/` divides as well."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._at = 0
        self._next: Word | None = None

    def peek(self) -> Word:
        if self._next is None:
            self._next = self._read()
        return self._next

    def take(self) -> Word:
        word = self.peek()
        self._next = None
        return word

    def accept(self, *texts: str) -> str | None:
        """The next word where it is one of `texts` (names in whatever case), None where it is another."""
        word = self.peek()
        found = word.text.lower() if word.kind == "name" else word.text
        if word.kind in ("name", "sign") and found in texts:
            self.take()
            return found
        return None

    def expect(self, *texts: str) -> str:
        """Raises MalformedQuery."""
        found = self.accept(*texts)
        if found is None:
            self.refuse(f"expected {' or '.join(texts)}")
        return found

    def regex(self) -> re.Pattern[str] | None:
        """The next word where it is a regex. Raises MalformedQuery for one that cannot be."""
        word = self.peek()
        match = _REGEX.match(self._query, word.at) if (word.kind, word.text) == ("sign", "/") else None
        if match is None:
            return None
        self._at, self._next = match.end(), None
        if _explodes(match[1]):
            self.refuse("a repeated group that repeats or chooses inside takes too long", match.start())
        try:
            return re.compile(_NAMED_GROUP.sub("(?P<", match[1]))
        except re.error:
            self.refuse("invalid regular expression", match.start())

    def refuse(self, reason: str, at: int | None = None) -> NoReturn:
        """Raises MalformedQuery about the next word, or about what is `at` a place."""
        word = self.peek()
        start = word.at if at is None else at
        found = word.text or "the end of the query"
        message = f"unexpected symbol found {found} at position {start}: {reason}"
        raise MalformedQuery(message, start, start + 1)

    def _read(self) -> Word:
        while self._at < len(self._query):
            match = _WORD.match(self._query, self._at)
            if match is None:
                at = self._at
                symbol = self._query[at]
                raise MalformedQuery(f"unexpected symbol found {symbol} at position {at}", at, at + 1)
            start, self._at = match.start(), match.end()
            if match.lastgroup is None:  # space, or a comment
                continue
            text = match[match.lastgroup]
            if match.lastgroup == "text":
                text = _ESCAPE.sub(r"\1", text[1:-1])
            kind = "sign" if match.lastgroup == "slash" else match.lastgroup
            return Word(kind, text.strip("`") if kind == "name" else text, start)
        return Word("end", "", len(self._query))


def _explodes(source: str) -> bool:
    """Whether a regex repeats a group that has repetitions or alternatives itself: on some texts such a one
    takes time without end, and the node stands still."""
    source = _LITERAL.sub("x", source)
    opened: list[bool] = []  # of the groups around us, whether they repeat or choose
    for number, sign in enumerate(source):
        if sign == "(":
            opened.append(False)
        elif sign == ")" and opened:
            inside, follows = opened.pop(), source[number + 1 : number + 2]
            repeated = follows in _REPEATS and follows != ""
            if inside and repeated:
                return True
            if opened:
                opened[-1] |= inside or repeated
        elif sign in "*+{|" and opened:
            opened[-1] = True
    return False
