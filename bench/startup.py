"""From the command to the first answer."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from bench.client import Client
from bench.figure import BenchError, Figure, Goal
from bench.node import up_command
from bench.processes import free_port
from bench.scale import Scale

_PATIENCE = 30.0  # seconds


def measure(client: Client, scale: Scale, have_rival: bool) -> list[Figure]:
    fresh: list[float] = []
    again: list[float] = []
    floor: list[float] = []
    for _ in range(scale.rounds):
        with tempfile.TemporaryDirectory(prefix="ingle-bench-") as parent:
            Path(parent).chmod(0o711)
            fresh.append(start_up(Path(parent) / "data"))
            again.append(start_up(Path(parent) / "data"))
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "0"], check=True, timeout=30)
        floor.append(time.perf_counter() - started)
    goal = Goal(at_most=1, absolute=True)
    return [
        Figure("start-up to first answer", median(again), "s", "`python -c 0`", median(floor), goal),
        Figure("start-up, new data directory", median(fresh), "s", "`python -c 0`", median(floor), goal),
    ]


def start_up(directory: Path) -> float:
    """Seconds from the start of `ingle up` to the first answer of its health path; then it is stopped."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen(
        up_command(directory, port),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - started > _PATIENCE:
                raise BenchError(f"`ingle up` does not start with {directory}")
            time.sleep(0.002)
        return time.perf_counter() - started
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ingle/health", timeout=_PATIENCE) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False
