"""Page tokens: opaque to callers, and nothing to keep for us.

Listings have what the page ended with; events have a position. GetLogEvents' tokens say which way they go
and look as AWS's do: `f/` or `b/`, 56 digits, `/s`.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

from ingle.services.logs.errors import invalid_token
from ingle.store.logevents import Position

Direction = Literal["f", "b"]

_EVENTS = re.compile(r"(?P<direction>[fb])/(?P<at>[0-9]{20})(?P<id>[0-9]{36})/s")
_LIMIT = 2**62  # of numbers, so that they and their sums are the database's integers


def encode(*parts: str | int) -> str:
    """A token that says `parts`."""
    return urlsafe_b64encode(json.dumps(parts).encode()).decode()


def decode(token: str, *kinds: type) -> tuple[str | int, ...]:
    """The parts of a token, which are of `kinds`. Raises InvalidParameter."""
    try:
        parts = json.loads(urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, RecursionError):
        raise invalid_token() from None
    if not isinstance(parts, list) or len(parts) != len(kinds):
        raise invalid_token()
    for part, kind in zip(parts, kinds, strict=True):
        if type(part) is not kind or (isinstance(part, int) and not 0 <= part < _LIMIT):
            raise invalid_token()
    return tuple(parts)


def after_name(token: str | None) -> str:
    """The name that a listing goes on behind, "" for its beginning. Raises InvalidParameter."""
    return "" if token is None else str(decode(token, str)[0])


def encode_events(direction: Direction, position: Position) -> str:
    """GetLogEvents' token: what follows `position`, or what comes before it."""
    return f"{direction}/{position.at:020d}{position.id:036d}/s"


def decode_events(token: str) -> tuple[Direction, Position]:
    """Raises InvalidParameter."""
    match = _EVENTS.fullmatch(token)
    if match is None or int(match["at"]) >= _LIMIT or int(match["id"]) >= _LIMIT:
        raise invalid_token()
    return ("f" if match["direction"] == "f" else "b"), Position(int(match["at"]), int(match["id"]))
