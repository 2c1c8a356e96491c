"""The floor of a cold start: a bare fork, and its exit, of a process as large as the zygote.

The same interpreter with the same modules imported, by the zygote's own program; no namespace, no limits.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.figure import BenchError

NAME = "bare fork"


class Forker:
    """A process that forks when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def fork(self, count: int, pause: float = 0.0) -> list[float]:
        """Seconds from each of `count` forks to the news of the child's exit."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([count, pause]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BenchError("the process that forks has ended")
        return [float(one) for one in json.loads(line)]


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Forker]:
    """`directory`: the data directory of a node that has staged its Python runtime."""
    programs = sorted(directory.glob("runtimes/**/ingle_runtime/program.py"))
    if not programs:
        raise BenchError(f"no runtime is staged in {directory}")
    command = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        str(Path(__file__).with_name("forking.py")),
        str(programs[0]),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Forker(process)
    finally:
        process.kill()
        process.wait()
