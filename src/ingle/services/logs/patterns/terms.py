"""Patterns of terms: all that are required, none that are excluded (`-`), one of the optional (`?`).

Optional terms count only where they stand alone with their like, as AWS documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ingle.services.logs.patterns.values import bad_term, regex

_Test = Callable[[str], bool]

# A sign, then a quoted phrase, a regex, or what goes to the next space.
_TERM = re.compile(r'\s*(?P<sign>[-?]?)\s*(?:"(?P<quoted>(?:\\.|[^"\\])*)"|%(?P<regex>[^%]*)%|(?P<word>\S+))')
_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> _Test:
    """Raises InvalidParameter."""
    required: list[_Test] = []
    excluded: list[_Test] = []
    optional: list[_Test] = []
    of_sign = {"": required, "-": excluded, "?": optional}
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None:
            raise bad_term(text[at:].strip())
        of_sign[match["sign"]].append(_test(match))
        at = match.end()
    if required or excluded:
        return lambda message: (
            all(test(message) for test in required) and not any(test(message) for test in excluded)
        )
    if optional:
        return lambda message: any(test(message) for test in optional)
    return lambda message: True


def _test(match: re.Match[str]) -> _Test:
    if match["regex"] is not None:
        return regex(match["regex"])
    if match["quoted"] is not None:
        phrase = _ESCAPE.sub(r"\1", match["quoted"])
        if not phrase:
            raise bad_term('""')
        return lambda message: phrase in message
    word = match["word"]
    if not _WORD.fullmatch(word):
        raise bad_term(word)
    return lambda message: word in message
