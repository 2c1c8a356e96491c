"""Nodes to do violence to: each test has its own, with a data directory that outlives the node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conformance.node import Node, Traces

Start = Callable[..., Node]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory; a second node started on it continues where the first one ended."""
    return tmp_path / "data"


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Start nodes; those that still run at the end of the test end in peace and leave nothing."""
    nodes: list[Node] = []

    def start(*options: str, directory: Path = data) -> Node:
        nodes.append(Node(directory, *options))
        return nodes[-1]

    yield start
    for node in nodes:
        if node.process.poll() is None:
            traces = Traces(node)
            status = node.terminate()
            assert (status, traces.left_after(2)) == (0, [])
