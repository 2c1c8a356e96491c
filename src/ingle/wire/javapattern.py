"""AWS's patterns are Java regular expressions: the whole value must match, and `\\p{L}` is known there.

A pattern is translated and compiled when it is first used: most are never asked.
https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

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
    """The characters of a Unicode category as the inside of a bracket expression."""
    codes = (c for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)).startswith(category))
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
