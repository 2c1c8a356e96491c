"""InvokeWithResponseStream through unmodified boto3: pieces as they come, and how streams end."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.conformance.bootstraps import deploy_package, shell
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, invoke
from tests.conformance.missing import missing

DeployPackage = Callable[..., str]

# curl sends a body of unknown length chunked, as it reads it.
STREAM = """{ %s ; } | curl -sS -T - -X POST "$api/invocation/$id/response" \
 -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Content-Type: text/plain" >/dev/null"""


@pytest.fixture
def deploy_custom(client: Any) -> Iterator[DeployPackage]:
    """`deploy_package` on the node, undone after the test."""
    if shutil.which("curl") is None:
        missing("curl, which the functions of these tests use")
    names: list[str] = []

    def deploy(content: bytes, **configuration: Any) -> str:
        names.append(deploy_package(client, content, **configuration))
        return names[-1]

    yield deploy
    for name in names:
        client.delete_function(FunctionName=name)


def read(answer: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """The whole payload, and the event that ended it."""
    payload = b""
    for event in answer["EventStream"]:
        if "InvokeComplete" in event:
            return payload, event["InvokeComplete"]
        payload += event["PayloadChunk"]["Payload"]
    raise AssertionError("the stream has no end")


def test_the_first_piece_is_there_while_the_function_still_runs(
    client: Any, deploy_custom: DeployPackage
) -> None:
    name = deploy_custom(shell(STREAM % "printf first; sleep 1; printf second"))
    invoke_streaming = client.invoke_with_response_stream
    read(invoke_streaming(FunctionName=name))
    began = time.monotonic()
    answer = invoke_streaming(FunctionName=name, LogType="Tail")
    events = iter(answer["EventStream"])
    assert next(events)["PayloadChunk"]["Payload"] == b"first"
    assert time.monotonic() - began < 0.9
    assert next(events)["PayloadChunk"]["Payload"] == b"second"
    complete = next(events)["InvokeComplete"]
    assert "REPORT RequestId:" in base64.b64decode(complete["LogResult"]).decode()
    assert answer["ExecutedVersion"] == "$LATEST"


def test_a_stream_is_whole_to_who_asks_for_it_whole(client: Any, deploy_custom: DeployPackage) -> None:
    name = deploy_custom(shell(STREAM % "printf '\"a'; sleep 0.1; printf 'b\"'"))
    assert invoke(client, name).value == "ab"


def test_a_long_stream_arrives_byte_for_byte(client: Any, deploy_custom: DeployPackage) -> None:
    name = deploy_custom(shell(STREAM % "head -c 7000000 /dev/zero | tr '\\0' x"), Timeout=20)
    payload, complete = read(client.invoke_with_response_stream(FunctionName=name))
    assert payload == b"x" * 7_000_000
    assert complete == {}


def test_a_stream_that_breaks_off_says_so(client: Any, deploy_custom: DeployPackage) -> None:
    name = deploy_custom(shell(STREAM % "printf half; sleep 0.2; kill -9 -1"))
    payload, complete = read(client.invoke_with_response_stream(FunctionName=name))
    assert payload == b"half"
    assert complete["ErrorCode"]
    assert json.loads(complete["ErrorDetails"])["errorType"] in (
        "Runtime.ExitError",
        "Runtime.TruncatedResponse",
    )
    assert read(client.invoke_with_response_stream(FunctionName=name))[0] == b"half"


def test_a_timeout_in_the_midst_of_a_stream(client: Any, deploy_custom: DeployPackage) -> None:
    name = deploy_custom(shell(STREAM % "printf half; sleep 60"), Timeout=1)
    payload, complete = read(client.invoke_with_response_stream(FunctionName=name))
    assert payload == b"half"
    assert json.loads(complete["ErrorDetails"])["errorType"] == "Sandbox.Timedout"


def test_a_python_function_answers_in_one_piece(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    payload, complete = read(client.invoke_with_response_stream(FunctionName=name, Payload=b'{"a":1}'))
    assert (json.loads(payload), complete) == ({"echo": {"a": 1}}, {})


def test_an_error_of_the_function_is_in_the_end_of_the_stream(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    raise ValueError('no')\n")
    payload, complete = read(client.invoke_with_response_stream(FunctionName=name))
    assert payload == b""
    assert complete["ErrorCode"] == "Unhandled"
    assert json.loads(complete["ErrorDetails"])["errorType"] == "ValueError"


def test_refusals_are_answers_and_no_streams(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke_with_response_stream(FunctionName="there-is-none")
