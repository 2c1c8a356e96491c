"""Patterns of messages whose fields are apart by spaces: `[ip, ..., status = 4* && status != 404, bytes]`.

What stands in square brackets or double quotes is one field of a message. `...` is any number of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ingle.services.logs.patterns.values import OPERATORS, Test, comparison, invalid

_FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_NAME = re.compile(r"\s*([\w.\-$]*)\s*")
_SIGN = re.compile("|".join(re.escape(sign) for sign in OPERATORS))
_VALUE = re.compile(r'\s*(?:"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<regex>%[^%]*%)|(?P<bare>[^\s,&|"\]]+))\s*')
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…)\s*")


@dataclass(frozen=True)
class _Field:
    """`name` is "" where it has none; `any_number` is an ellipsis; `test` None takes everything."""

    name: str
    test: Callable[[str], bool] | None = None
    any_number: bool = False


class SpacePattern:
    """One pattern."""

    def __init__(self, fields: list[_Field]) -> None:
        gaps = [number for number, field in enumerate(fields) if field.any_number]
        if len(gaps) > 1:
            raise invalid("Only one ellipsis is allowed")
        self._before = fields[: gaps[0]] if gaps else fields
        self._after = fields[gaps[0] + 1 :] if gaps else []
        self._open = bool(gaps)

    def matches(self, message: str) -> bool:
        return self._bind(message) is not None

    def extract(self, message: str) -> dict[str, str]:
        """The fields of a message that matches, by `$name`, or `$number` where they have none."""
        bound = self._bind(message) or []
        return {f"${name or number}": text for number, (name, text) in enumerate(bound, 1)}

    def _bind(self, message: str) -> list[tuple[str, str]] | None:
        """Every field of the message with its name, None where the pattern does not match."""
        found = [match[1] or match[2] or match[3] or "" for match in _FIELD.finditer(message)]
        fewest = len(self._before) + len(self._after)
        if len(found) < fewest or (len(found) > fewest and not self._open):
            return None
        between = [_Field("")] * (len(found) - fewest)
        bound = list(zip([*self._before, *between, *self._after], found, strict=True))
        if all(field.test is None or field.test(text) for field, text in bound):
            return [(field.name, text) for field, text in bound]
        return None


def parse(text: str) -> SpacePattern:
    """Raises InvalidParameter."""
    fields: list[_Field] = []
    at = 0
    while True:
        ellipsis = _ELLIPSIS.match(text, at)
        if ellipsis is not None:
            fields.append(_Field("", any_number=True))
            at = ellipsis.end()
        else:
            field, at = _field(text, at)
            fields.append(field)
        if at >= len(text):
            return SpacePattern(fields)
        if text[at] != ",":
            raise invalid()
        at += 1


def _field(text: str, at: int) -> tuple[_Field, int]:
    match = _NAME.match(text, at)
    assert match is not None  # it matches nothing as well
    name, at = match[1], match.end()
    sign = _SIGN.match(text, at)
    if sign is None:
        return _Field(name), at
    # && binds closer than ||: a list of lists.
    choices: list[list[Test]] = [[]]
    while sign is not None:
        test, at = _comparison(sign[0], text, sign.end())
        choices[-1].append(test)
        join = text[at : at + 2]
        if join not in ("&&", "||"):
            break
        if join == "||":
            choices.append([])
        again = _NAME.match(text, at + 2)
        assert again is not None
        if again[1] != name:  # conditions of one field stand in one place
            raise invalid()
        sign, at = _SIGN.match(text, again.end()), again.end()
        if sign is None:
            raise invalid()
    return _Field(name, lambda found: any(all(test(found) for test in tests) for tests in choices)), at


def _comparison(sign: str, text: str, at: int) -> tuple[Test, int]:
    match = _VALUE.match(text, at)
    if match is None:
        raise invalid()
    if match["quoted"] is not None:
        return comparison(sign, re.sub(r"\\(.)", r"\1", match["quoted"]), quoted=True), match.end()
    return comparison(sign, match["regex"] or match["bare"], quoted=False), match.end()
