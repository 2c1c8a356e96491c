"""Finds the CPython interpreters of this machine and asks each one what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OLDEST = (3, 8)
PROBE_SECONDS = 5.0

# Run by each interpreter found, of whatever version; isolated and without site: nobody's code runs.
_PROBE = """
import json, os, site, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "usable": sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "prerelease": sys.version_info[3] != "final",
    "executable": sys.executable,
    "base_prefix": sys.base_prefix,
    "extension_suffix": sysconfig.get_config_var("EXT_SUFFIX") or "",
    "site": site.getsitepackages() + [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")],
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One CPython. `site`: directories in which other people's packages may lie, existing or not."""

    version: tuple[int, int, int]
    prerelease: bool
    executable: str
    base_prefix: str
    extension_suffix: str
    site: tuple[str, ...]


def candidates(environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    """Paths at which interpreters may be, the preferred first: PATH, the system's, pyenv, uv, asdf, mise.

    Shims are left out: they are scripts that choose by directory; what they stand for is found by itself.
    """
    yield Path(sys.executable)
    places = [*filter(None, environ.get("PATH", "").split(os.pathsep)), "/usr/local/bin", "/usr/bin"]
    for place in dict.fromkeys(places):
        if Path(place).name != "shims":
            yield from _in_directory(Path(place))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    for root in (
        Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python"),
        Path(environ.get("ASDF_DATA_DIR") or home / ".asdf") / "installs/python",
        Path(environ.get("MISE_DATA_DIR") or data / "mise") / "installs/python",
    ):
        for directory in _listing(root, "*/bin"):
            yield from _in_directory(directory)


def discover(paths: Iterable[Path], cache: Path) -> list[Interpreter]:
    """Ask the interpreters at `paths`, all at once and 5 s at most, and return those that Ingle can use.

    Answers are kept in the file `cache` by path, size and time of change, so only new ones are asked.
    """
    known = _read_cache(cache)
    answers: dict[str, dict[str, Any]] = {}
    asked: dict[str, subprocess.Popen[str]] = {}
    stamps: dict[str, list[int]] = {}
    for real in dict.fromkeys(os.path.realpath(path) for path in paths):
        stamp = _stamp(real)
        if stamp is None:
            continue
        stamps[real] = stamp
        entry = known.get(real)
        if entry is not None and entry["stamp"] == stamp:
            answers[real] = entry["answer"]
        else:
            asked[real] = _ask(real)
    answers.update(_collect(asked))
    if asked:
        _write_cache(cache, {path: {"stamp": stamps[path], "answer": answers[path]} for path in answers})
    return [found for path in stamps if (found := _interpreter(answers.get(path))) is not None]


def _in_directory(directory: Path) -> Iterator[Path]:
    for path in _listing(directory, "python3*"):
        minor = path.name.removeprefix("python3").removeprefix(".")
        if path.name == "python3" or minor.isdigit():
            yield path


def _listing(directory: Path, pattern: str) -> list[Path]:
    """The paths that match, newest version first as far as names tell; none where it may not be read."""
    try:
        return sorted(directory.glob(pattern), reverse=True)
    except OSError:
        return []


def _stamp(path: str) -> list[int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size] if os.access(path, os.X_OK) else None


def _ask(path: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [path, "-I", "-S", "-c", _PROBE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
    )


def _collect(asked: Mapping[str, subprocess.Popen[str]]) -> dict[str, dict[str, Any]]:
    """The answers that came in time. One that fails is remembered as unusable; one that hangs is killed."""
    deadline = time.monotonic() + PROBE_SECONDS
    answers: dict[str, dict[str, Any]] = {}
    for path, process in asked.items():
        try:
            output, _ = process.communicate(timeout=max(0.01, deadline - time.monotonic()))
            answers[path] = json.loads(output) if process.returncode == 0 else {"usable": False}
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        except ValueError:
            answers[path] = {"usable": False}
    return answers


def _interpreter(answer: Mapping[str, Any] | None) -> Interpreter | None:
    if answer is None or not answer["usable"] or tuple(answer["version"][:2]) < OLDEST:
        return None
    major, minor, micro = answer["version"]
    return Interpreter(
        version=(major, minor, micro),
        prerelease=answer["prerelease"],
        executable=answer["executable"],
        base_prefix=answer["base_prefix"],
        extension_suffix=answer["extension_suffix"],
        site=tuple(dict.fromkeys(answer["site"])),
    )


def _read_cache(cache: Path) -> dict[str, dict[str, Any]]:
    """What was answered before; a file that is missing, damaged or of another probe counts as nothing."""
    try:
        content = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    entries = content.get("interpreters") if isinstance(content, dict) else None
    return entries if isinstance(entries, dict) and content.get("probe") == _PROBE else {}


def _write_cache(cache: Path, entries: Mapping[str, object]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_name(f"{cache.name}.{os.getpid()}")
    temporary.write_text(json.dumps({"probe": _PROBE, "interpreters": entries}))
    temporary.replace(cache)


def best(found: Iterable[Interpreter]) -> dict[tuple[int, int], Interpreter]:
    """The one to use for each minor version: released before prerelease, then the newest, then the first."""
    chosen: dict[tuple[int, int], Interpreter] = {}
    for interpreter in found:
        minor = interpreter.version[:2]
        rival = chosen.get(minor)
        if rival is None or _rank(interpreter) > _rank(rival):
            chosen[minor] = interpreter
    return chosen


def _rank(interpreter: Interpreter) -> tuple[bool, tuple[int, int, int]]:
    return (not interpreter.prerelease, interpreter.version)
