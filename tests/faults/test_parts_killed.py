"""A part of the node is killed: the caller is told, and what can go on goes on."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.conformance.functions import deploy, invoke
from tests.conformance.node import Node, Traces, descendants, wait_until
from tests.faults.conftest import Start

# Names its process, so that the test can find it among the node's descendants.
_VICTIM = """
import time
def handler(event, context):
    with open("/proc/self/comm", "w") as file:
        file.write("victim")
    time.sleep(event)
    return "fine"
"""


def _victims(node: Node) -> list[int]:
    return [pid for pid in descendants(node.pid) if _comm(pid) == "victim"]


def _comm(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _zygotes(node: Node) -> list[int]:
    found = []
    for pid in descendants(node.pid):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"zygote.py" in command and int(parent) == node.launcher:
            found.append(pid)
    return found


def test_a_runtime_killed_in_an_invocation_is_an_exit_error_and_the_next_one_works(start: Start) -> None:
    node = start()
    client = node.client()
    name = deploy(client, _VICTIM, Timeout=30)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, client, name, 20)
        wait_until(lambda: _victims(node), 10, "the function runs")
        os.kill(_victims(node)[0], signal.SIGKILL)
        answer = running.result(timeout=10)
    assert answer.error == "Unhandled"
    assert answer.value["errorType"] == "Runtime.ExitError"
    assert answer.value["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert invoke(client, name, 0).value == "fine"


def test_a_runtime_killed_while_idle_is_started_again(start: Start) -> None:
    node = start()
    client = node.client()
    name = deploy(client, _VICTIM)
    assert invoke(client, name, 0).value == "fine"
    (victim,) = _victims(node)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: _comm(victim) is None, 10, "it is gone")
    assert invoke(client, name, 0).value == "fine"


def test_a_killed_zygote_is_replaced(start: Start) -> None:
    node = start()
    client = node.client()
    assert invoke(client, deploy(client, _VICTIM), 0).value == "fine"
    zygotes = _zygotes(node)
    assert zygotes
    for pid in zygotes:
        os.kill(pid, signal.SIGKILL)
    assert invoke(client, deploy(client, _VICTIM), 0).value == "fine"


def test_a_killed_launcher_ends_the_node_with_a_message_and_nothing_hangs(start: Start) -> None:
    node = start()
    client = node.client()
    name = deploy(client, _VICTIM, Timeout=60)
    traces = Traces(node)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, client, name, 40)
        wait_until(lambda: _victims(node), 10, "the function runs")
        os.kill(node.launcher, signal.SIGKILL)
        error = running.exception(timeout=15)
    assert isinstance(error, ClientError | BotoCoreError) or running.result().error == "Unhandled"
    assert node.wait() == 1
    assert "the sandbox launcher ended" in node.stderr.read_text()
    assert "Traceback" not in node.stderr.read_text()
    start()
    assert traces.left_after(5) == []


def test_sigterm_lets_a_running_invocation_finish(start: Start) -> None:
    node = start()
    client = node.client()
    name = deploy(client, _VICTIM, Timeout=30)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, client, name, 1)
        wait_until(lambda: _victims(node), 10, "the function runs")
        traces = Traces(node)
        assert node.terminate() == 0
        assert running.result(timeout=5).value == "fine"
    assert traces.left_after(2) == []


def test_sigterm_does_not_wait_for_an_invocation_for_ever(start: Start) -> None:
    node = start()
    client = node.client()
    name = deploy(client, _VICTIM, Timeout=900)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, client, name, 600)
        wait_until(lambda: _victims(node), 10, "the function runs")
        traces = Traces(node)
        began = time.monotonic()
        assert node.terminate() == 0
        assert time.monotonic() - began < 15
        assert isinstance(running.exception(timeout=5), ClientError | BotoCoreError)
    assert traces.left_after(2) == []


@pytest.mark.parametrize("what", ["data directory", "port"])
def test_a_second_node_on_the_same_data_directory_or_port_is_refused(
    start: Start, tmp_path: Path, what: str
) -> None:
    node = start()
    client = node.client()
    name = deploy(client, _VICTIM)
    if what == "port":
        options, directory = ["--port", node.endpoint.rpartition(":")[2]], tmp_path / "other"
        told = f"cannot listen on 127.0.0.1:{options[1]}: Address already in use"
    else:
        options, directory = [], node.directory
        told = f"another Ingle uses the data directory {directory}"
    with pytest.raises(AssertionError, match="no node") as refused:
        start(*options, directory=directory)
    assert told in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert invoke(client, name, 0).value == "fine"


def test_a_data_directory_that_cannot_be_used_is_told_in_one_line(start: Start, data: Path) -> None:
    data.mkdir()
    (data / "ingle.db").write_bytes(b"not a database, though it is long enough to look like one" * 20)
    with pytest.raises(AssertionError, match="no node") as refused:
        start()
    assert f"The database {data / 'ingle.db'} could not be opened" in str(refused.value)
    assert "Traceback" not in str(refused.value)
