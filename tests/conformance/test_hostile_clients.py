"""Clients that break off, stall or pile up: each is answered or closed, and the next invocation works."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, invoke
from tests.conformance.node import Node

_CONNECTIONS = 10_000
_OWN_FILES = 500  # descriptors that this process and the node need beside the connections


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _connect(node: Node) -> socket.socket:
    address = urlsplit(node.endpoint)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def _head(name: str, length: int) -> bytes:
    return (
        f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def _answer(connection: socket.socket) -> bytes:
    """Everything until the other end closes."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


@pytest.mark.parametrize(
    "sent", [b"POST /2015-03-31/functions", _head("x", 100), _head("x", 100) + b'{"half": '], ids=repr
)
def test_a_request_cut_off_in_the_middle(node: Node, client: Any, deploy: Deploy, sent: bytes) -> None:
    name = deploy(ECHO)
    before = node.health()["environments"]
    with _connect(node) as connection:
        connection.sendall(sent.replace(b"/x/", f"/{name}/".encode()))
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in _answer(connection)
    assert node.health()["environments"] == before
    assert invoke(client, name, 1).value == {"echo": 1}


def test_what_is_not_http_is_answered_400_and_closed(node: Node, client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    with _connect(node) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n")
        assert _answer(connection).startswith(b"HTTP/1.1 400 ")
    assert invoke(client, name, 1).value == {"echo": 1}


def test_headers_of_more_than_1_mb_are_answered_431_and_closed(
    node: Node, client: Any, deploy: Deploy
) -> None:
    name = deploy(ECHO)
    with _connect(node) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n" + b"X-Filler: " + b"x" * 1_100_000)
            answer = _answer(connection)
        except ConnectionError:  # closed while we were still sending: as good
            answer = b"HTTP/1.1 431 "
        assert answer.startswith(b"HTTP/1.1 431 ")
    assert invoke(client, name, 1).value == {"echo": 1}


def test_a_client_that_leaves_does_not_harm_the_invocation_of_another(
    node: Node, client: Any, deploy: Deploy
) -> None:
    name = deploy("import time\ndef handler(event, context):\n    time.sleep(0.3)\n    return event\n")
    with _connect(node) as connection:
        connection.sendall(_head(name, 1) + b"1")
    assert invoke(client, name, 2).value == 2


def test_ten_thousand_idle_connections_leave_room_for_an_invocation(
    node: Node, client: Any, deploy: Deploy, many_files: None
) -> None:
    """Fewer, where the machine's limit of open files forbids as many."""
    name = deploy(ECHO)
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(_CONNECTIONS, limit - _OWN_FILES)
    connections: list[socket.socket] = []
    try:
        for _ in range(count):
            connections.append(_connect(node))
        assert invoke(client, name, 1).value == {"echo": 1}
        connections[0].sendall(_head(name, 1) + b"2")
        assert connections[0].recv(65_536).endswith(b'{"echo": 2}')
    finally:
        for connection in connections:
            connection.close()
    assert invoke(client, name, 3).value == {"echo": 3}
