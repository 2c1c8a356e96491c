"""Runtimes that do everything wrong over the Runtime API: each has Lambda's answer, and the next works."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.bootstraps import deploy_package, package
from tests.conformance.functions import invoke
from tests.conformance.missing import missing
from tests.conformance.node import Node, Traces

_PYTHON = "/usr/bin/python3"

# A runtime that is told by the event what to do wrong.
BAD = f"""#!{_PYTHON}
import http.client, json, os, signal, socket, sys, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
api = "/2018-06-01/runtime/invocation/"
client = http.client.HTTPConnection(host, int(port))
def ask(method, path, body=None, headers={{}}):
    client.request(method, path, body, headers)
    answer = client.getresponse()
    return answer, answer.read()
def raw(data):
    sock = socket.create_connection((host, int(port)))
    sock.sendall(data)
    return sock
def half(path):
    return f"POST {{path}} HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 100\\r\\n\\r\\nhalf".encode()
while True:
    answer, event = ask("GET", api + "next")
    request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    deed, path = json.loads(event), api + request_id + "/response"
    if deed == "twice":
        statuses = [ask("POST", path, "1")[0].status, ask("POST", path, "2")[0].status]
        continue
    if deed == "statuses":
        ask("POST", path, json.dumps(statuses))
        continue
    if deed == "other id":
        other = api + "00000000-0000-0000-0000-000000000000/response"
        print("status", ask("POST", other, "1")[0].status, flush=True)
    if deed == "10 MB":
        print("status", ask("POST", path, b"1" * 10_000_000)[0].status, flush=True)
        continue
    if deed == "half":
        kept = raw(half(path))
        time.sleep(60)
    if deed == "half and away":
        raw(half(path)).close()
        time.sleep(0.2)
        continue
    if deed == "no http":
        for garbage in (b"\\0" * 100, b"GET / HTTP/9\\r\\n\\r\\n", b"A" * 2_000_000):
            try:
                raw(garbage).recv(1)
            except OSError:
                pass
    if deed == "many connections":
        kept = []
        for _ in range(600):
            try:
                kept.append(socket.create_connection((host, int(port)), 1))
            except OSError:
                break
        client.close()
        for sock in kept:
            sock.close()
        time.sleep(0.3)
    if deed == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "answered and gone":
        ask("POST", path, '"last"')
        sys.exit(1)
    if deed == "no next":
        ask("POST", path, '"answered"')
        time.sleep(60)
    ask("POST", path, json.dumps({{"did": deed}}))
""".encode()

Outcome = tuple[Any, str | None, str]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of its own: it must survive all of it, and leave nothing."""
    if not Path(_PYTHON).exists():
        missing(f"{_PYTHON}, which the functions of these tests use")
    node = Node(tmp_path_factory.mktemp("node") / "data")
    try:
        yield node
        traces = Traces(node)
    finally:
        status = node.terminate()
    assert status == 0, node.stderr.read_text()
    assert traces.left_after(2) == []


@pytest.fixture(scope="module")
def name(node: Node) -> str:
    return deploy_package(node.client(), package({"bootstrap": BAD}), Timeout=2, MemorySize=256)


@pytest.fixture
def do(node: Node, name: str) -> Iterator[Callable[[str], Outcome]]:
    """Have the runtime do something wrong; after the test it must do right."""
    client = node.client()

    def do(deed: str) -> Outcome:
        answer = invoke(client, name, deed)
        return answer.value, answer.error, answer.log

    yield do
    assert do("well")[:2] == ({"did": "well"}, None)


def test_answering_twice(do: Callable[[str], Outcome]) -> None:
    assert do("twice")[:2] == (1, None)
    assert do("statuses")[0] == [202, 403]


def test_answering_another_request(do: Callable[[str], Outcome]) -> None:
    value, error, log = do("other id")
    assert (value, error) == ({"did": "other id"}, None)
    assert "status 400" in log


def test_ten_megabytes(do: Callable[[str], Outcome]) -> None:
    value, error, _ = do("10 MB")
    assert (value["errorType"], error) == ("Function.ResponseSizeTooLarge", "Unhandled")


def test_half_an_answer_and_sleep(do: Callable[[str], Outcome]) -> None:
    began = time.monotonic()
    value, error, _ = do("half")
    assert (value["errorType"], error) == ("Sandbox.Timedout", "Unhandled")
    assert time.monotonic() - began < 4


def test_half_an_answer_and_away(do: Callable[[str], Outcome]) -> None:
    value, error, _ = do("half and away")
    assert (value["errorType"], error) == ("Runtime.TruncatedResponse", "Unhandled")


def test_what_is_not_http(do: Callable[[str], Outcome]) -> None:
    assert do("no http")[:2] == ({"did": "no http"}, None)


def test_hundreds_of_connections(do: Callable[[str], Outcome]) -> None:
    assert do("many connections")[:2] == ({"did": "many connections"}, None)


def test_killing_itself(do: Callable[[str], Outcome]) -> None:
    value, error, _ = do("killed")
    assert error == "Unhandled"
    assert value["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")


def test_answering_and_going(do: Callable[[str], Outcome]) -> None:
    assert do("answered and gone")[:2] == ("last", None)


def test_answering_and_never_asking_again(do: Callable[[str], Outcome]) -> None:
    value, error, log = do("no next")
    assert (value, error) == ("answered", None)
    assert "Status: timeout" in log


def test_dying_in_init_again_and_again(node: Node) -> None:
    client = node.client()
    name = deploy_package(client, package({"bootstrap": b"#!/bin/sh\nkill -9 $$\n"}))
    for _ in range(3):
        assert invoke(client, name).value["errorType"] == "Runtime.ExitError"


def test_never_getting_ready_is_a_timeout_of_the_function(node: Node) -> None:
    client = node.client()
    name = deploy_package(client, package({"bootstrap": b"#!/bin/sh\nsleep 60\n"}), Timeout=1)
    began = time.monotonic()
    assert invoke(client, name).value["errorType"] == "Sandbox.Timedout"
    assert 10 < time.monotonic() - began < 14  # INIT has its ten seconds, and is then repeated
