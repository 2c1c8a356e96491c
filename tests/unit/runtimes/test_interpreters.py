"""Interpreters are found, asked once, and the best is taken; a bad one harms nobody."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ingle.worker.catalogue import interpreters
from ingle.worker.catalogue.interpreters import Interpreter

ANSWER = {
    "version": [3, 12, 1],
    "usable": True,
    "prerelease": False,
    "base_prefix": "/opt/py",
    "extension_suffix": ".so",
    "site": [],
}


def python(directory: Path, name: str = "python3.12", **differs: object) -> Path:
    """A stand-in that answers the probe, and counts how often it was asked in a file beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    answer = json.dumps({**ANSWER, "executable": str(path), **differs})
    return script(path, f"echo asked >> '{path}.count'\necho '{answer}'")


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def asked(path: Path) -> int:
    return len(Path(f"{path}.count").read_text().splitlines())


def test_an_interpreter_is_asked_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path, cache = python(tmp_path), tmp_path / "cache.json"
    first = interpreters.discover([path], cache)
    assert interpreters.discover([path], cache) == first
    assert asked(path) == 1
    os.utime(path, ns=(1, 1))
    assert interpreters.discover([path], cache) == first
    assert asked(path) == 2


def test_one_interpreter_under_many_names_is_asked_once(tmp_path: Path) -> None:
    path = python(tmp_path)
    (tmp_path / "python3").symlink_to(path)
    assert len(interpreters.discover([tmp_path / "python3", path, path], tmp_path / "cache.json")) == 1
    assert asked(path) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"interpreters": 1}', '{"probe": "other"}'])
def test_a_damaged_cache_is_made_anew(content: str, tmp_path: Path) -> None:
    path, cache = python(tmp_path), tmp_path / "cache.json"
    cache.write_text(content)
    assert len(interpreters.discover([path], cache)) == 1
    assert len(interpreters.discover([path], cache)) == 1
    assert asked(path) == 1


def test_broken_silent_foreign_and_old_interpreters_are_passed_over(tmp_path: Path) -> None:
    good = python(tmp_path)
    bad = [
        script(tmp_path / "fails", "exit 1"),
        script(tmp_path / "babbles", "echo hello"),
        python(tmp_path, "pypy", usable=False),
        python(tmp_path, "old", version=[3, 7, 9]),
        tmp_path / "absent",
    ]
    found = interpreters.discover([*bad, good], tmp_path / "cache.json")
    assert [one.executable for one in found] == [str(good)]


def test_an_interpreter_that_hangs_is_killed_and_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreters, "PROBE_SECONDS", 0.3)
    hanging = script(tmp_path / "hangs", f"echo $$ > {tmp_path}/pid; exec sleep 60")
    good = python(tmp_path)
    found = interpreters.discover([hanging, good], tmp_path / "cache.json")
    assert [one.executable for one in found] == [str(good)]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_candidates_are_looked_for_in_path_and_version_managers_but_not_in_shims(tmp_path: Path) -> None:
    expected = {
        python(tmp_path / "path"),
        python(tmp_path / "path", "python3"),
        python(tmp_path / ".pyenv/versions/3.13.0/bin", "python3.13"),
        python(tmp_path / ".local/share/uv/python/cpython-3.9/bin", "python3.9"),
        python(tmp_path / ".asdf/installs/python/3.10.1/bin", "python3.10"),
        python(tmp_path / ".local/share/mise/installs/python/3.11/bin", "python3.11"),
    }
    python(tmp_path / "shims", "python3.8")
    python(tmp_path / "path", "python3.12-config")
    environ = {"PATH": f"{tmp_path}/path:{tmp_path}/shims"}
    found = {path for path in interpreters.candidates(environ, tmp_path) if tmp_path in path.parents}
    assert found == expected


def test_the_best_is_released_then_newest_then_first() -> None:
    def one(micro: int, name: str, prerelease: bool = False) -> Interpreter:
        return Interpreter((3, 14, micro), prerelease, name, "/opt/py", ".so", ())

    first, second, newer, candidate = one(1, "a"), one(1, "b"), one(2, "c"), one(3, "d", prerelease=True)
    assert interpreters.best([candidate]) == {(3, 14): candidate}
    assert interpreters.best([candidate, first, second]) == {(3, 14): first}
    assert interpreters.best([first, newer, candidate]) == {(3, 14): newer}
