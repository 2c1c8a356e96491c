"""Log events: how fast they come in, from functions and over the API, and are found again among many.

`python -m bench.logs [--events N]`. The floor of coming in is SQLite itself, the same rows one by one; the
rival over the API is `moto_server`, where it is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3

from bench.figure import Figure, table
from bench.node import running
from bench.processes import free_port, server
from ingle.model.clock import SystemClock
from ingle.services.logs import Logs
from ingle.services.logs.context import Context
from ingle.store.logdatabase import open_logs
from ingle.telemetry.logs import BufferedLogs

_LINE = (
    "REPORT RequestId: 0b9fe5e2-6b1d-4b6f-b0a2-98d7f1ab8a11\tDuration: 1.23 ms\tBilled Duration: 2 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 30 MB\t"
)
_PLACE = ("000000000000", "us-east-1", "/aws/lambda/bench")
_STREAMS = 100
_FLUSH = 5_000  # events
_BATCH = 1_000  # events of one PutLogEvents
_CALLS = 20
_FLOOR = "SQLite, row by row"


async def inside(events: int, directory: Path) -> list[Figure]:
    """What functions' logs cost, without HTTP."""
    database = await open_logs(directory / "logs.db")
    service = Logs(database, SystemClock())
    logs = BufferedLogs(service.sink)
    now = int(time.time() * 1_000) - events
    started = time.perf_counter()
    appending = 0.0
    streams = [logs.open(*_PLACE, f"stream-{number}") for number in range(_STREAMS)]
    for first in range(0, events, _FLUSH):
        before = time.perf_counter()
        for number in range(first, min(first + _FLUSH, events)):
            streams[number % _STREAMS].append(now + number, _LINE)
        appending += time.perf_counter() - before
        await logs.flush()
    rate = events / (time.perf_counter() - started)
    figures = [
        Figure("log events from functions", rate, "/s", _FLOOR, floor(events, directory)),
        Figure("an event's cost on the event loop", appending / events, "s"),
    ]
    group = {"logGroupName": _PLACE[2]}
    for name, operation, members in (
        ("the last 100 events of a stream", "GetLogEvents", {"logStreamName": "stream-7", "limit": 100}),
        ("the last second of a group", "FilterLogEvents", {"startTime": now + events - 1_000}),
        ("one page searched in vain", "FilterLogEvents", {"filterPattern": "nowhere"}),
    ):
        before = time.perf_counter()
        await service.call(operation, Context(*_PLACE[:2]), {**group, **members})
        figures.append(Figure(f"{name}, {events:,} events deep", time.perf_counter() - before, "s"))
    await service.close()
    await database.close()
    return figures


def floor(events: int, directory: Path) -> float:
    """Rows a second that SQLite takes into one table with one key, in transactions of the same size."""
    connection = sqlite3.connect(directory / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE event (at INTEGER, id INTEGER PRIMARY KEY, message TEXT)")
    started = time.perf_counter()
    for first in range(0, events, _FLUSH):
        connection.execute("BEGIN")
        rows = ((number, number, _LINE) for number in range(first, min(first + _FLUSH, events)))
        connection.executemany("INSERT INTO event VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    rate = events / (time.perf_counter() - started)
    connection.close()
    return rate


def put(port: int) -> float:
    """Events a second that come in by PutLogEvents at an endpoint."""
    client = boto3.client(
        "logs",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    client.create_log_group(logGroupName="bench")
    client.create_log_stream(logGroupName="bench", logStreamName="one")
    events = [{"timestamp": int(time.time() * 1_000), "message": _LINE}] * _BATCH
    call: Callable[[], Any] = lambda: client.put_log_events(  # noqa: E731 - timed below
        logGroupName="bench", logStreamName="one", logEvents=events
    )
    call()
    started = time.perf_counter()
    for _ in range(_CALLS):
        call()
    return _CALLS * _BATCH / (time.perf_counter() - started)


@contextlib.contextmanager
def moto() -> Iterator[int | None]:
    """The port of a `moto_server`; None where there is none."""
    if importlib.util.find_spec("moto") is None:
        yield None
        return
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with server(command, port):
        yield port


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.logs")
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory(prefix="ingle-bench-") as directory:
        figures = asyncio.run(inside(events, Path(directory)))
    with running() as node, moto() as rival:
        other = None if rival is None else put(rival)
        figures.append(Figure("PutLogEvents, events", put(node.port), "/s", "moto_server", other))
    print(table(figures))


if __name__ == "__main__":
    main()
