"""The filter pattern language: which messages are meant.

`parse` reads a pattern; what it returns says of a message whether it matches. `fields` says what a pattern
takes out of a message, for TestMetricFilter. A file for each kind of pattern:

terms     `ERROR -"not this" ?either ?or %regex%`
jsonform  `{ $.a.b[0] = "x*" && ($.n >= 5 || $.c NOT EXISTS) }`
spaces    `[ip, user, ..., status = 4*, bytes > 1000]`
values    what stands right of a comparison; regexes

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

from collections.abc import Callable

from ingle.services.logs.patterns import jsonform, spaces, terms
from ingle.services.logs.patterns.values import invalid

Pattern = Callable[[str], bool]


def parse(pattern: str) -> Pattern:
    """What says whether a message matches. Raises InvalidParameter with AWS's text."""
    text = pattern.strip()
    if text.startswith("{"):
        if not text.endswith("}"):
            raise invalid("If a filter pattern starts with '{' it must end with '}'")
        return jsonform.parse(text[1:-1])
    if text.startswith("["):
        if not text.endswith("]"):
            raise invalid("If a filter pattern starts with '[' it must end with ']'")
        return spaces.parse(text[1:-1]).matches
    return terms.parse(text)


def fields(pattern: str, message: str) -> dict[str, str]:
    """What a space-delimited pattern takes out of a message that it matches, under `$name` or `$3`."""
    text = pattern.strip()
    return spaces.parse(text[1:-1]).extract(message) if text.startswith("[") else {}


__all__ = ["Pattern", "fields", "parse"]
