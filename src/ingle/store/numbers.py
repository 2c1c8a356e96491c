"""Versions as the tables have them: numbers, 0 for `$LATEST`, so that it is listed first."""

from __future__ import annotations

from ingle.model.names import LATEST, is_version_number


def to_number(version: str) -> int:
    """The number of a version; of what is no version's name, one that no version has."""
    if version == LATEST:
        return 0
    # A number too long for SQLite names no version: -1 does not either.
    return int(version) if is_version_number(version) and len(version) < 19 and int(version) > 0 else -1


def to_version(number: int) -> str:
    """The version with a number."""
    return str(number) if number else LATEST
