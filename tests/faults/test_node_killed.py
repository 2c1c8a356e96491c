"""`kill -9` of the node at any moment: what was acknowledged is there, and nothing half-made is."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.conformance.functions import create, deploy, invoke, wait_active, wait_updated, zipped
from tests.conformance.node import Node, Traces, wait_until
from tests.faults.conftest import Start

_WRITERS = 4
_FILLER = {"filler": os.urandom(200_000)}  # so that a package takes a moment to write and unpack


def _source(answer: object) -> str:
    return f"def handler(event, context):\n    return {answer!r}\n"


def _work_until_killed(node: Node, enough: int, work: Callable[[Any, int], None]) -> int:
    """Have clients call `work` with rising numbers; `kill -9` when that was done often enough.

    Returns how often it was done, so that a test can say that it did something at all.
    """
    numbers = itertools.count()
    done = threading.Semaphore(0)
    counted = itertools.count()

    def client_work() -> None:
        client = node.client()
        while True:
            try:
                work(client, next(numbers))
            except (BotoCoreError, ClientError):
                return  # killed
            next(counted)
            done.release()

    with ThreadPoolExecutor(_WRITERS) as pool:
        for _ in range(_WRITERS):
            pool.submit(client_work)
        for _ in range(enough):
            assert done.acquire(timeout=30)
        node.kill()
    return next(counted)


@pytest.mark.parametrize("enough", [1, 7, 20])
def test_created_functions_survive(start: Start, enough: int) -> None:
    node = start()
    acknowledged: dict[str, str] = {}

    def work(client: Any, number: int) -> None:
        name = f"created-{number}"
        answer = create(client, name, zipped(_source(number), _FILLER))
        acknowledged[name] = answer["CodeSha256"]

    assert _work_until_killed(node, enough, work) >= enough
    client = start().client()
    listed = {one["FunctionName"]: one["CodeSha256"] for one in _all_functions(client)}
    assert acknowledged.items() <= listed.items()
    for name in listed:  # also what was made and not acknowledged any more: wholly or not at all
        wait_active(client, name)
        assert invoke(client, name).value == int(name.partition("-")[2])


def test_updated_code_survives(start: Start) -> None:
    node = start()
    client = node.client()
    deploy(client, _source(-1), "changed")
    acknowledged = [-1]
    turn = threading.Lock()

    def work(client: Any, number: int) -> None:
        with turn:
            client.update_function_code(FunctionName="changed", ZipFile=zipped(_source(number), _FILLER))
            acknowledged.append(number)
            wait_updated(client, "changed")

    assert _work_until_killed(node, 10, work) >= 10
    client = start().client()
    wait_updated(client, "changed")
    answer = invoke(client, "changed").value
    assert answer >= acknowledged[-1]


def test_nothing_unreferenced_stays_in_the_code_store(start: Start, data: Path) -> None:
    node = start()

    def work(client: Any, number: int) -> None:
        create(client, f"made-{number}", zipped(_source(number), _FILLER))

    _work_until_killed(node, 5, work)
    client = start().client()
    functions = _all_functions(client)
    for one in functions:
        wait_active(client, one["FunctionName"])
    assert len(list((data / "code" / "zips").iterdir())) == len(functions)
    assert len(list((data / "code" / "unpacked").iterdir())) == len(functions)
    assert list((data / "code" / "work").iterdir()) == []


def test_processes_cgroups_and_mounts_of_a_killed_node_go(start: Start) -> None:
    node = start()
    client = node.client()
    name = deploy(client, "import time\ndef handler(event, context):\n    time.sleep(30)\n", Timeout=60)
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(invoke, node.client(), name) for _ in range(3)]
        wait_until(lambda: node.health()["environments"] == 3, 10, "three environments")
        traces = Traces(node)
        assert traces.left() != []
        node.kill()
        for one in running:
            assert isinstance(one.exception(timeout=10), BotoCoreError)
    start()
    assert traces.left_after(5) == []


def test_what_a_node_killed_with_its_launcher_left_goes_with_the_next_start(start: Start) -> None:
    """Nobody is left to clean up: the next launcher finds the dead one's record."""
    node = start()
    client = node.client()
    invoke(client, deploy(client, _source(1)))
    traces = Traces(node)
    launcher = node.launcher
    os.kill(launcher, signal.SIGSTOP)  # so that it cannot use the moment between the two
    node.kill()
    os.kill(launcher, signal.SIGKILL)
    start()
    assert traces.left_after(5) == []


def _all_functions(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_functions").paginate()
    return [one for page in pages for one in page["Functions"]]
