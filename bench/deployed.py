"""Does a full node stay fast? One with many functions beside one with few, in turn."""

from __future__ import annotations

import time
from statistics import median

from bench import node
from bench.client import Client
from bench.cold import cold_starts
from bench.figure import Figure, Goal
from bench.node import Node
from bench.scale import Scale

_GOAL = Goal(at_most=1.1)


def measure(client: Client, scale: Scale, have_rival: bool) -> list[Figure]:
    with node.running() as few, node.running() as many:
        started = time.perf_counter()
        many.deploy([f"function-{number}" for number in range(scale.functions)], client)
        deploying = scale.functions / (time.perf_counter() - started)
        warm: dict[Node, list[float]] = {few: [], many: []}
        cold: dict[Node, list[float]] = {few: [], many: []}
        for one in (few, many):
            one.deploy(["warm"], client)
            client.run(one.port, [node.invoke_request("warm", one.port)])
        for _ in range(scale.rounds):
            for one in (few, many):
                request = node.invoke_request("warm", one.port)
                warm[one].append(client.run(one.port, [request], seconds=scale.seconds).p50)
                cold[one] += cold_starts(one, client, scale.cold)
    full = f"{scale.functions:,} functions deployed"
    beside = "a node with few"
    return [
        Figure(f"{full}: warm p50", median(warm[many]), "s", beside, median(warm[few]), _GOAL),
        Figure(f"{full}: cold start p50", median(cold[many]), "s", beside, median(cold[few]), _GOAL),
        Figure("functions created over the API, 16 clients", deploying, "/s"),
    ]
