"""AWS's patterns are Java regular expressions: the whole value must match, and `\\p{L}` is known there.

A pattern is translated and compiled when it is first used: most are never asked.
https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby

# Letters, marks, numbers, punctuation, symbols and separators all stand below; above are unassigned planes
# and private use, and to look through them takes four times as long.
_ASSIGNED = range(0x40000)

_CATEGORY = re.compile(r"\\p\{([A-Z][a-z]?)\}")


class JavaPattern:
    """A Java regular expression, matched as `String.matches` does: from end to end."""

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._compiled: re.Pattern[str] | None = None

    def matches(self, text: str) -> bool:
        """Whether all of `text` matches."""
        if self._compiled is None:
            # In Java `\d`, `\s` and `\w` are ASCII unless a flag says otherwise.
            self._compiled = re.compile(translate(self.source), re.ASCII)
        return self._compiled.fullmatch(text) is not None


def translate(source: str) -> str:
    """`source` in Python's dialect. Unicode categories, which stand inside brackets, become ranges."""
    return _CATEGORY.sub(lambda match: _ranges(match[1]), source)


@cache
def _ranges(category: str) -> str:
    """The characters of a Unicode category (`L`, or `Lu`) as the inside of a bracket expression."""
    runs = (run for name, run in _runs() if name.startswith(category))
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


@cache
def _runs() -> tuple[tuple[str, tuple[int, int]], ...]:
    """Runs of characters of one category: its name, the first and the last character."""
    runs = []
    first = 0
    for name, members in groupby(map(unicodedata.category, map(chr, _ASSIGNED))):
        count = sum(1 for _ in members)
        runs.append((name, (first, first + count - 1)))
        first += count
    return tuple(runs)
