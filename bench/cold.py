"""Cold starts: each sample a new function, and so a new environment; and how many can be made in a second."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from statistics import median

from bench import emulator, fork, node
from bench.client import Client
from bench.figure import Figure, Goal
from bench.node import Node
from bench.processes import cpu_seconds
from bench.scale import Scale

_PAUSE = 0.05  # seconds between two cold starts: this is latency, not load
_CLIENTS = 4
_numbers = count()


def measure(client: Client, scale: Scale, have_rival: bool) -> list[Figure]:
    ours: list[float] = []
    forks: list[float] = []
    starts: list[float] = []
    rivals: list[float] = []
    with node.running() as ingle, _forker(ingle, client) as forker:
        for _ in range(scale.rounds):
            ours += cold_starts(ingle, client, scale.cold)
            forks += forker.fork(scale.cold, _PAUSE)
            starts.append(_interpreter_start())
            if have_rival:
                rivals.append(_emulator_cold(client))
        p50 = median(ours)
        per_core, per_second = _burst(ingle, client, scale.burst)
        fork_rate = 1 / median(forks)
    return [
        Figure("cold start, Python, p50", p50, "s", fork.NAME, median(forks), Goal(at_most=3)),
        Figure("cold start, Python, p50", p50, "s", "`python -c 0`", median(starts)),
        Figure(
            "cold start, Python, p50",
            p50,
            "s",
            f"{emulator.NAME}, no sandbox",
            median(rivals) if rivals else None,
            Goal(at_most=1 / 10),
        ),
        Figure("cold start, Python, p90", sorted(ours)[len(ours) * 9 // 10], "s"),
        Figure(
            "environments created per second per core",
            per_core,
            "/s",
            fork.NAME,
            fork_rate,
            Goal(at_least=150, absolute=True),
        ),
        Figure(f"environments created per second, {_CLIENTS} clients", per_second, "/s"),
    ]


def cold_starts(ingle: Node, client: Client, samples: int) -> list[float]:
    """Seconds of the first invocation of new functions, one after the other."""
    names = [f"cold-{next(_numbers)}" for _ in range(samples + 1)]
    ingle.deploy(names, client)
    time.sleep(_PAUSE)
    first, *rest = ingle.invoke_requests(names)
    client.run(ingle.port, [first])  # sandboxes may not be prepared yet again
    time.sleep(_PAUSE)
    return client.run(ingle.port, rest, pause=_PAUSE).latencies


@contextlib.contextmanager
def _forker(ingle: Node, client: Client) -> Iterator[fork.Forker]:
    cold_starts(ingle, client, 1)  # so that the runtime is staged and its zygote runs
    with fork.running(ingle.directory) as forker:
        yield forker


def _burst(ingle: Node, client: Client, size: int) -> tuple[float, float]:
    """Environments per second of CPU, and per second; each with its first invocation."""
    names = [f"burst-{next(_numbers)}" for _ in range(size)]
    ingle.deploy(names, client)
    requests = ingle.invoke_requests(names)
    before = cpu_seconds(ingle.pid)
    run = client.run(ingle.port, requests, clients=_CLIENTS)
    return size / (cpu_seconds(ingle.pid) - before), run.rate


def _interpreter_start() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "0"], check=True, timeout=30)
    return time.perf_counter() - started


def _emulator_cold(client: Client) -> float:
    """The emulator starts its runtime with the first invocation."""
    with emulator.running() as server:
        return client.run(server.port, [server.request]).latencies[0]
