"""Processes from outside: started and ended with their owner, their CPU time, their memory."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.figure import BenchError

_PATIENCE = 15.0  # seconds until a server listens, and until it has ended


@contextlib.contextmanager
def server(
    command: Sequence[str], port: int, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that listens on `port`, for as long as the context lasts. Raises BenchError."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(process, port)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not listens(port):
        if process.poll() is not None:
            raise BenchError(f"{process.args!r} ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise BenchError(f"{process.args!r} does not listen on {port}")
        time.sleep(0.002)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    children = defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                children[int(fields[1])].append(int(entry))
    found = [pid]
    for one in found:
        found += children[one]
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of `pid` and its living descendants, all threads, user and system."""
    total = 0
    for member in family(pid):
        for path in Path(f"/proc/{member}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(path.read_text().split()[0])
    return total / 1e9


def pss_bytes(pids: Sequence[int]) -> int:
    """Proportional set size of some processes together."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def by_pid_namespace(pids: Sequence[int]) -> dict[str, list[int]]:
    """Processes by the pid namespace that they live in."""
    groups = defaultdict(list)
    for pid in pids:
        with contextlib.suppress(OSError):
            groups[os.readlink(f"/proc/{pid}/ns/pid")].append(pid)
    return dict(groups)
