"""Bad input gets AWS's error, changes nothing, and the next invocation works."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, create, fresh_name, invoke, wait_active, zipped
from tests.conformance.node import Node


@pytest.fixture(autouse=True)
def changes_nothing(client: Any) -> Any:
    """Whatever a test here does: the same functions before and after, and they can be invoked."""
    witness = fresh_name("witness")
    create(client, witness, zipped(ECHO))
    wait_active(client, witness)
    before = _functions(client)
    yield
    assert _functions(client) == before
    assert invoke(client, witness, 1).value == {"echo": 1}
    client.delete_function(FunctionName=witness)


def _functions(client: Any) -> dict[str, str]:
    pages = client.get_paginator("list_functions").paginate()
    return {one["FunctionName"]: one["CodeSha256"] for page in pages for one in page["Functions"]}


def _refused(status: int, code: str, call: Any) -> str:
    """The message of a refusal with that status and code."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["Error"]["Code"] == code
    return str(response["Error"]["Message"])


def test_a_zip_that_is_not_a_zip(client: Any) -> None:
    message = _refused(
        400, "InvalidParameterValueException", lambda: create(client, fresh_name(), b"this is not a zip")
    )
    assert message == "Could not unzip uploaded file. Please check your file, then try to upload again."


def test_a_zip_of_60_mb(client: Any) -> None:
    package = zipped(ECHO, {"noise": os.urandom(60_000_000)})
    message = _refused(413, "RequestEntityTooLargeException", lambda: create(client, fresh_name(), package))
    assert message == "Request must be smaller than 70167211 bytes for the CreateFunction operation"


def test_a_memory_size_of_127(loose_client: Any) -> None:
    message = _refused(
        400,
        "ValidationException",
        lambda: create(loose_client, fresh_name(), zipped(ECHO), MemorySize=127),
    )
    assert message == (
        "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: "
        "Member must have value greater than or equal to 128"
    )


def test_a_name_with_a_space(loose_client: Any) -> None:
    message = _refused(400, "ValidationException", lambda: create(loose_client, "two words", zipped(ECHO)))
    assert message.startswith(
        "1 validation error detected: Value 'two words' at 'functionName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: (arn:"
    )


def test_every_fault_of_a_request_is_told_at_once(loose_client: Any) -> None:
    message = _refused(
        400,
        "ValidationException",
        lambda: create(loose_client, "two words", zipped(ECHO), MemorySize=127, Timeout=0),
    )
    assert message.startswith("3 validation errors detected: ")


def test_a_runtime_that_lambda_does_not_have(client: Any) -> None:
    message = _refused(
        400,
        "InvalidParameterValueException",
        lambda: create(client, fresh_name(), zipped(ECHO), Runtime="python2.99"),
    )
    assert message.startswith(
        "Value python2.99 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["
    )


def test_a_name_that_is_taken(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    message = _refused(409, "ResourceConflictException", lambda: create(client, name, zipped(ECHO)))
    assert message == f"Function already exist: {name}"
    client.delete_function(FunctionName=name)


def test_a_revision_that_is_not_the_current_one(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    _refused(
        412,
        "PreconditionFailedException",
        lambda: client.update_function_configuration(
            FunctionName=name, Timeout=9, RevisionId="00000000-0000-4000-8000-000000000000"
        ),
    )
    client.delete_function(FunctionName=name)


def test_a_reserved_environment_variable(client: Any) -> None:
    message = _refused(
        400,
        "InvalidParameterValueException",
        lambda: create(
            client, fresh_name(), zipped(ECHO), Environment={"Variables": {"AWS_REGION": "mars-1"}}
        ),
    )
    assert message.endswith("Reserved keys used in this request: AWS_REGION")


def test_an_event_one_byte_over_6_mb(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    event = b'"' + b"x" * (6_291_456 - 1) + b'"'
    message = _refused(
        413, "RequestTooLargeException", lambda: client.invoke(FunctionName=name, Payload=event)
    )
    assert message == (
        "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"
    )
    client.delete_function(FunctionName=name)


def test_an_event_that_is_not_json(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    message = _refused(
        400,
        "InvalidRequestContentException",
        lambda: client.invoke(FunctionName=name, Payload=b"{broken"),
    )
    assert message.startswith(
        "Could not parse request body into json: Could not parse payload into json: "
        "Unexpected character ('b' (code 98)): was expecting double-quote to start field name"
    )
    client.delete_function(FunctionName=name)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"FunctionName": "half', None),
        (b"[]", "Start of list found where not expected"),
        (b'{"FunctionName": 17}', "NUMBER_VALUE can not be converted to a String"),
    ],
)
def test_a_body_that_is_not_the_json_of_the_operation(node: Node, body: bytes, message: str | None) -> None:
    status, headers, answer = _post(node, "/2015-03-31/functions", body)
    assert (status, headers["x-amzn-ErrorType"]) == (400, "SerializationException")
    assert json.loads(answer)["Type"] == "User"
    if message is not None:
        assert json.loads(answer)["Message"] == message


def test_a_path_that_lambda_does_not_have(node: Node) -> None:
    status, headers, answer = _post(node, "/2015-03-31/nothing", b"{}")
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert b"Unable to determine service/operation name to be authorized" in answer


def _post(node: Node, path: str, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
    address = urlsplit(node.endpoint)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        connection.request("POST", path, body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()
