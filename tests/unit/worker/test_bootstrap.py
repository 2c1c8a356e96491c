"""Which file a custom runtime is, what is said where there is none, and how extensions go before it."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from tests.support.looptime import by_hand, settle

from ingle.sandbox.api import Executable
from ingle.worker import bootstrap, companions
from ingle.worker.companions import Companions


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    return tmp_path / "code"


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    (tmp_path / "opt" / "extensions").mkdir(parents=True)
    return tmp_path / "opt"


def write(path: Path, mode: int = 0o755) -> None:
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)


def test_the_package_comes_before_the_layers(code: Path, layers: Path) -> None:
    write(layers / "bootstrap")
    found = bootstrap.find(code, layers, {"A": "1"}, {})
    assert found.executable == Executable(("/opt/bootstrap",), {"A": "1"}, "/var/task")
    write(code / "bootstrap")
    found = bootstrap.find(code, layers, {}, {"/var/task": "/elsewhere"})
    assert found.executable == Executable(("/elsewhere/bootstrap",), {}, "/elsewhere")
    assert found.path == "/var/task/bootstrap"


def test_what_cannot_be_run_is_said_in_lambdas_words(code: Path) -> None:
    assert bootstrap.find(code, None, {}, {}).fault.startswith("Couldn't find valid bootstrap(s): [")
    write(code / "bootstrap", 0o644)
    assert bootstrap.find(code, None, {}, {}).fault == "fork/exec /var/task/bootstrap: permission denied"
    assert bootstrap.launch_fault("/b", "OSError: [Errno 8] x") == "fork/exec /b: exec format error"
    assert bootstrap.launch_fault("/b", "not started within 10 s") is None


def test_extensions_are_the_files_of_their_directory_and_bounded(layers: Path) -> None:
    (layers / "extensions" / "directory").mkdir()
    for number in range(20):
        write(layers / "extensions" / f"e{number:02}")
    assert companions.names(layers) == tuple(f"e{number:02}" for number in range(11))
    assert companions.names(None) == ()


def test_extensions_run_first_and_their_ends_are_told(tmp_path: Path) -> None:
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions" / "it's one").write_text("#!/bin/sh\necho extension; exit 7\n")
    (tmp_path / "extensions" / "it's one").chmod(0o755)
    program = Executable(("/bin/echo", "a b", "runtime"), {})
    argv = companions.with_extensions(program, ("it's one",), str(tmp_path)).argv
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&0 <&-', "sh", *argv],
            stdin=theirs.fileno(),
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert ours.recv(100) == b"it's one 7\n"
        ours.send(b"go\n")
        output, _ = process.communicate(timeout=10)
    assert output.splitlines() == ["extension", "a b runtime"]


@by_hand
async def test_ends_are_heard_however_they_are_cut_and_nonsense_is_not() -> None:
    ours, theirs = socket.socketpair()
    ended: list[tuple[str, int]] = []
    heard = Companions(ours, lambda name, status: ended.append((name, status)))
    for part in (b"a ", b"1\nb c 2\nnonsense\n", b"x" * 5_000):
        theirs.send(part)
        await settle()
    assert ended == [("a", 1), ("b c", 2)]
    assert ours.fileno() == -1  # a line without an end
    heard.go()
    heard.close()
    theirs.close()
