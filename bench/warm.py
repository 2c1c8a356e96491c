"""Warm invocations: latency and rate with 1, 4 and 16 clients, and what one costs in CPU."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from bench import echo, emulator, node
from bench.client import Client
from bench.figure import Figure, Goal
from bench.processes import cpu_seconds
from bench.scale import Scale

_CLIENTS = (1, 4, 16)
_NUCLIO = 1_600.0  # Python invocations per second per core, as its project publishes


class Server(Protocol):
    pid: int
    port: int


@dataclass
class Subject:
    """Who is measured, and the medians over its rounds (in `rounds`: p50, p99, rate, CPU s an answer)."""

    server: Server
    request: bytes
    rounds: list[tuple[float, float, float, float]]

    def round(self, client: Client, clients: int, seconds: float) -> None:
        before = cpu_seconds(self.server.pid)
        run = client.run(self.server.port, [self.request], clients=clients, seconds=seconds)
        cpu = cpu_seconds(self.server.pid) - before
        self.rounds.append((run.p50, run.p99, run.rate, cpu / run.answers))

    def medians(self) -> tuple[float, float, float, float]:
        p50, p99, rate, cpu = (median(column) for column in zip(*self.rounds, strict=True))
        self.rounds.clear()
        return p50, p99, rate, cpu


def measure(client: Client, scale: Scale, have_rival: bool) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        ingle = stack.enter_context(node.running())
        ingle.deploy(["warm"], client)
        floor = stack.enter_context(echo.running())
        subject = Subject(ingle, node.invoke_request("warm", ingle.port), [])
        bare = Subject(floor, floor.request, [])
        rival = None
        if have_rival:
            server = stack.enter_context(emulator.running())
            rival = Subject(server, server.request, [])
        figures = []
        for clients in _CLIENTS:
            # The emulator serves one at a time: a second client would get an error.
            others = [rival] if rival is not None and clients == 1 else []
            _interleave(client, [bare, subject, *others], clients, scale)
            beside = rival.medians() if others and rival is not None else None
            figures += _figures(clients, subject.medians(), bare.medians(), beside)
        return figures


def _interleave(client: Client, subjects: list[Subject], clients: int, scale: Scale) -> None:
    for subject in subjects:  # a first invocation, and a first round to warm up: neither counts
        client.run(subject.server.port, [subject.request])
        subject.round(client, clients, scale.seconds)
        subject.rounds.clear()
    for _ in range(scale.rounds):
        for subject in subjects:
            subject.round(client, clients, scale.seconds)


Medians = tuple[float, float, float, float]


def _figures(clients: int, ours: Medians, floor: Medians, rival: Medians | None) -> list[Figure]:
    who = f"{clients} client" + ("s" if clients > 1 else "")
    p50, p99, rate, cpu = ours
    goal = Goal(at_most=3) if clients == 1 else None
    figures = [
        Figure(f"warm invoke, {who}, p50", p50, "s", echo.NAME, floor[0], goal),
        Figure(f"warm invoke, {who}, p99", p99, "s", echo.NAME, floor[1]),
        Figure(f"warm invokes, {who}", rate, "/s", echo.NAME, floor[2]),
    ]
    if clients > 1:
        return [
            *figures,
            Figure(f"warm invokes per second of CPU, {who}", 1 / cpu, "/s", echo.NAME, 1 / floor[3]),
        ]
    beside = rival or (None, None, None, None)
    rival_rate = 1 / beside[3] if beside[3] else None
    return [
        *figures,
        Figure(f"warm invoke, {who}, p50", p50, "s", emulator.NAME, beside[0], Goal(at_most=1 / 5)),
        Figure(f"warm invoke, {who}, p99", p99, "s", emulator.NAME, beside[1]),
        Figure(
            "warm invokes per second per core", 1 / cpu, "/s", emulator.NAME, rival_rate, Goal(at_least=5)
        ),
        Figure(
            "warm invokes per second per core",
            1 / cpu,
            "/s",
            "Nuclio's published figure",
            _NUCLIO,
            Goal(at_least=3),
        ),
    ]
