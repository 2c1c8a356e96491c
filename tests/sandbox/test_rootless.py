"""The levels without root, as an unprivileged user: what they give, and that they say what they do not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import require

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
NOBODY = 65534


def session(directory: Path, level: str) -> Any:
    """What `rootless_session.py` found, run as nobody from copies that nobody may read."""
    require(os.geteuid() == 0, "root, to become somebody else")
    require(shutil.which("setpriv") is not None, "setpriv")
    version = subprocess.run([SYSTEM_PYTHON, "-V"], capture_output=True, text=True, check=False).stdout
    require(version >= "Python 3.11", "a system Python of 3.11 or later")
    for parent in (directory, *directory.parents):
        if (
            parent.stat().st_uid == os.geteuid()
            and parent != Path("/tmp")
            and str(parent).startswith("/tmp/")
        ):
            parent.chmod(0o755)
    package = directory / "package"
    shutil.copytree(
        ROOT / "src/ingle/sandbox", package / "ingle/sandbox", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(
        ROOT / "tests/sandbox", package / "tests/sandbox", ignore=shutil.ignore_patterns("__pycache__")
    )
    stage = directory / "stage"
    stage.mkdir()
    os.chown(stage, NOBODY, NOBODY)
    script = package / "tests/sandbox/rootless_session.py"
    argv = [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        SYSTEM_PYTHON,
        "-B",
        str(script),
    ]
    done = subprocess.run(
        [*argv, str(stage), str(package), level], capture_output=True, text=True, timeout=60, cwd="/", env={}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def rootless(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return session(tmp_path_factory.mktemp("rootless"), "rootless")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return session(tmp_path_factory.mktemp("process"), "process")


def test_rootless_hides_the_host(rootless: Any) -> None:
    assert rootless["level"] == "rootless"
    assert rootless["secret"] == "FileNotFoundError"
    assert rootless["init"] == "PermissionError"
    assert rootless["pids"] == 2
    assert rootless["code"] == ["function.py"]


def test_rootless_programs_have_no_privileges(rootless: Any) -> None:
    assert int(rootless["caps"], 16) == 0
    assert rootless["write"] == "OSError"
    assert rootless["mount"] == -1


def test_rootless_limits_memory_of_a_process_and_tmp(rootless: Any) -> None:
    assert rootless["hog"] == "MemoryError"
    assert rootless["tmp"] == "OSError"
    assert "per process" in rootless["lacks"]


def test_rootless_sandboxes_live_and_go(rootless: Any) -> None:
    assert rootless["exit"] == 9
    assert rootless["again"] == 1
    assert rootless["listeners"] == [4566, 9001]
    assert rootless["state"] == []


def test_process_says_aloud_that_it_hides_nothing(process: Any) -> None:
    assert process["level"] == "process"
    assert process["secret"] == "x"
    assert "see the host's files" in process["lacks"]
    assert process["listeners"] == []


def test_process_still_limits_and_stops(process: Any) -> None:
    assert process["hog"] == "MemoryError"
    assert process["exit"] == 9
    assert process["again"] == 1
    assert process["paths"] == ["/tmp", "/var/task"]
    assert process["state"] == []


@pytest.mark.parametrize("level", ["rootless", "process"])
def test_a_program_started_ahead_has_its_memory_limit_as_well(
    level: str, request: pytest.FixtureRequest
) -> None:
    found = request.getfixturevalue(level)
    assert found["late limit"] == [256 << 20, 256 << 20]
    assert found["late exit"] == 9
