"""SPECIFICATION.md says what is true: each promise names tests that exist, or that it has none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_SPECIFICATION = (_ROOT / "SPECIFICATION.md").read_text()
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_CHAPTER = re.compile(r"^## (\d+)\. ", re.MULTILINE)
_PROMISE = re.compile(r"^(\d+)\. (.*)$", re.MULTILINE)


def _promises() -> Iterator[tuple[str, str]]:
    """Number and text of each promise."""
    _, *chapters = _CHAPTER.split(_SPECIFICATION)
    for chapter, text in zip(chapters[::2], chapters[1::2], strict=True):
        for number, promise in _PROMISE.findall(text):
            yield f"{chapter}.{number}", promise


def _tests(path: str) -> set[str]:
    tree = ast.parse((_ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("path", "name"), sorted(set(_NAMED.findall(_SPECIFICATION))))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert (_ROOT / path).is_file(), path
    assert name in _tests(path)


def test_every_promise_names_a_test_or_says_that_there_is_none() -> None:
    without = [
        number for number, text in _promises() if not _NAMED.search(text) and "Not yet tested" not in text
    ]
    assert without == []


def test_promises_are_numbered_without_gaps() -> None:
    chapters: dict[str, list[int]] = {}
    for number, _ in _promises():
        chapter, _, promise = number.partition(".")
        chapters.setdefault(chapter, []).append(int(promise))
    assert [*chapters] == [str(n) for n in range(1, len(chapters) + 1)]
    assert all(numbers == [*range(1, len(numbers) + 1)] for numbers in chapters.values())
