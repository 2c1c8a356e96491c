"""Each isolation level says what it is and what it lacks, runs functions, and leaves nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.functions import deploy, invoke
from tests.conformance.missing import missing
from tests.conformance.node import Node, Traces

# Imports nothing further: functions of the level `process` see an interpreter in root's home only in part.
_CALLS_BACK = """
import json, os, socket
def handler(event, context):
    host, _, port = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://").partition(":")
    answer = b""
    with socket.socket() as connection:
        connection.settimeout(5)
        connection.connect((host, int(port)))
        connection.sendall(b"GET /_ingle/health HTTP/1.0\\r\\n\\r\\n")
        while part := connection.recv(65536):
            answer += part
    return json.loads(answer.partition(b"\\r\\n\\r\\n")[2])["isolation"]["level"]
"""


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory that any user may go to, as functions of the level `process` have to: pytest's is not."""
    with tempfile.TemporaryDirectory(prefix="ingle-test-") as path:
        directory = Path(path)
        directory.chmod(0o755)
        yield directory


@pytest.mark.parametrize("level", ["namespaces", "rootless", "process"])
def test_a_level_runs_functions_that_reach_the_node(reachable: Path, level: str) -> None:
    try:
        node = Node(reachable / "data", "--isolation", level)
    except AssertionError as error:
        missing(f"no level {level} here: {error}")
    try:
        isolation = node.health()["isolation"]
        assert isolation["level"] == level
        assert bool(isolation["lacks"]) == (level != "namespaces" or isolation["network"] != "nat")
        client = node.client()
        name = deploy(client, _CALLS_BACK, Timeout=10)
        answer = invoke(client, name)
        assert (answer.error, answer.value) == (None, level)
        traces = Traces(node)
    finally:
        status = node.terminate()
    assert (status, traces.left_after(2)) == (0, [])


@pytest.mark.parametrize("network", ["none", "host"])
def test_functions_reach_the_node_with_any_network(tmp_path: Path, network: str) -> None:
    node = Node(tmp_path / "data", "--network", network)
    try:
        client = node.client()
        level = node.health()["isolation"]["level"]
        assert invoke(client, deploy(client, _CALLS_BACK, Timeout=10)).value == level
    finally:
        status = node.terminate()
    assert status == 0


def test_the_level_process_refuses_code_that_functions_could_not_reach(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        missing("root, which alone gives functions another user than its own")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(AssertionError, match="no node") as refused:
        Node(closed / "data", "--isolation", "process")
    assert f"the data directory {closed / 'data'} lies where only root may look" in str(refused.value)
