"""One node for the whole of this directory, started as a user starts it, and gone without a trace after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.cli import Cli
from tests.conformance.functions import deploy as deploy_function
from tests.conformance.missing import missing
from tests.conformance.node import Node, Traces

Deploy = Callable[..., str]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A running node. At its end: SIGTERM, status 0, and nothing left on the host."""
    directory: Path = tmp_path_factory.mktemp("node") / "data"
    node = Node(directory)
    try:
        yield node
        traces = Traces(node)
    finally:
        status = node.terminate()
    assert status == 0, node.stderr.read_text()
    assert traces.left_after(2) == []


@pytest.fixture(scope="session")
def client(node: Node) -> Any:
    """Unmodified boto3."""
    return node.client()


@pytest.fixture(scope="session")
def loose_client(node: Node) -> Any:
    """boto3 that leaves the checking of parameters to the service."""
    return node.client(parameter_validation=False)


@pytest.fixture
def deploy(client: Any) -> Iterator[Deploy]:
    """`functions.deploy` on the node, undone after the test."""
    names: list[str] = []

    def deploy(source: str, **options: Any) -> str:
        names.append(deploy_function(client, source, **options))
        return names[-1]

    yield deploy
    for name in names:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_function(FunctionName=name)


@pytest.fixture
def cli(node: Node, tmp_path: Path) -> Cli:
    """The unmodified AWS CLI against the node, with a home of its own."""
    return Cli(node, tmp_path)


@pytest.fixture(scope="session")
def limits_hold(node: Node) -> None:
    """For tests of what only `namespaces` gives."""
    level = node.health()["isolation"]["level"]
    if level != "namespaces":
        missing(f"isolation level {level} has no cgroup limits")
