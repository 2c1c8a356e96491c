from __future__ import annotations

import pytest

from ingle.wire.javapattern import JavaPattern


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("[0-9]+", "12", True),
        ("[0-9]+", "12\n", False),
        ("((?!^\\d+$)^[0-9a-zA-Z-_]+$)", "live", True),
        ("((?!^\\d+$)^[0-9a-zA-Z-_]+$)", "42", False),
        ("((?!^\\d+$)^[0-9a-zA-Z-_]+$)", "live\n", False),
        ("$|kafka://x", "", True),
        ("\\d{2}", "\u0661\u0662", False),
        ("[^\\s]+", "a\u00a0b", True),
        ("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", "Größe 5½", True),
        ("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)", "a&b", False),
        ("[\\p{Lu}]", "a", False),
    ],
)
def test_a_pattern_matches_from_end_to_end_as_in_java(pattern: str, text: str, matches: bool) -> None:
    assert JavaPattern(pattern).matches(text) is matches
