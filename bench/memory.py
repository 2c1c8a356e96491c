"""What an idle environment takes: PSS of all processes in its sandbox."""

from __future__ import annotations

from statistics import median

from bench import emulator, node
from bench.client import Client
from bench.figure import BenchError, Figure, Goal
from bench.processes import by_pid_namespace, family, pss_bytes
from bench.scale import Scale

_MB = 1024 * 1024


def measure(client: Client, scale: Scale, have_rival: bool) -> list[Figure]:
    with node.running() as ingle:
        names = [f"idle-{number}" for number in range(scale.burst // 4)]
        ingle.deploy(names, client)
        client.run(ingle.port, ingle.invoke_requests(names))
        members = family(ingle.pid)
        # An environment is a pid namespace with an init and a runtime in it; prepared ones have an init only.
        groups = [pids for pids in by_pid_namespace(members).values() if ingle.pid not in pids]
        sizes = [pss_bytes(pids) for pids in groups if len(pids) > 1]
        if not sizes:
            raise BenchError("no environment has a pid namespace of its own here: run this as root")
        node_size = pss_bytes([ingle.pid])
    other = None
    if have_rival:
        with emulator.running() as server:
            client.run(server.port, [server.request])
            other = pss_bytes(family(server.pid)) / _MB
    goal = Goal(at_most=5, absolute=True)
    return [
        Figure(
            "memory (PSS) of an idle Python environment",
            median(sizes) / _MB,
            "MiB",
            emulator.NAME,
            other,
            goal,
        ),
        Figure("memory (PSS) of the node itself", node_size / _MB, "MiB"),
    ]
