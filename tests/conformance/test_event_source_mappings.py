"""Event source mappings over the API with unmodified boto3: the life of one, its tags, its refusals."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, fresh_name
from tests.conformance.node import ACCOUNT, REGION


@pytest.fixture
def queue() -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{fresh_name('queue')}"


@pytest.fixture
def uuids(client: Any) -> Iterator[list[str]]:
    """Mappings that go after the test."""
    made: list[str] = []
    yield made
    for uuid in made:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            _await_state(client, uuid, "Enabled", "Disabled")
            client.delete_event_source_mapping(UUID=uuid)


def _await_state(client: Any, uuid: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while True:
        found: dict[str, Any] = client.get_event_source_mapping(UUID=uuid)
        if found["State"] in states:
            return found
        assert time.monotonic() < deadline, found["State"]


def test_a_mapping_is_created_disabled_updated_and_deleted(
    client: Any, deploy: Deploy, queue: str, uuids: list[str]
) -> None:
    name = deploy(ECHO)
    created = client.create_event_source_mapping(
        FunctionName=name,
        EventSourceArn=queue,
        FilterCriteria={"Filters": [{"Pattern": '{"body": {"price": [{"numeric": [">", 1]}]}}'}]},
        Tags={"k": "v"},
    )
    uuid = created["UUID"]
    uuids.append(uuid)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert created["State"] == "Creating"
    assert created["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert isinstance(created["LastModified"], datetime)
    assert client.list_tags(Resource=created["EventSourceMappingArn"])["Tags"] == {"k": "v"}
    _await_state(client, uuid, "Enabled")
    assert client.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    _await_state(client, uuid, "Disabled")
    assert client.update_event_source_mapping(UUID=uuid, BatchSize=3)["State"] == "Updating"
    assert _await_state(client, uuid, "Disabled")["BatchSize"] == 3
    listed = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [mapping["UUID"] for mapping in listed] == [uuid]
    assert client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        _await_state(client, uuid, "never this")


def test_a_second_mapping_of_the_same_queue_conflicts(
    client: Any, deploy: Deploy, queue: str, uuids: list[str]
) -> None:
    name = deploy(ECHO)
    uuids.append(client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)["UUID"])
    with pytest.raises(client.exceptions.ResourceConflictException) as caught:
        client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)
    assert caught.value.response["Error"]["Message"] == (
        f'An event source mapping with SQS arn (" {queue} ") and function (" {name} ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuids[0]}"
    )


def test_refusals_of_the_model_and_of_lambda_have_their_own_codes(
    client: Any, loose_client: Any, deploy: Deploy
) -> None:
    name = deploy(ECHO)
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/1"
    expected = {
        "invalid": (
            "ValidationException",
            "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy "
            "constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
        ),
        "AT_TIMESTAMP": (
            "InvalidParameterValueException",
            f"Unsupported starting position for arn type: {table}",
        ),
    }
    for position, (code, message) in expected.items():
        with pytest.raises(ClientError) as caught:
            loose_client.create_event_source_mapping(
                FunctionName=name,
                EventSourceArn=table,
                StartingPosition=position,
                StartingPositionTimestamp=1_741_010_802,
            )
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"]) == (code, message)
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
        client.get_event_source_mapping(UUID="0" * 36)
    assert missing.value.response["Message"] == "The resource you requested does not exist."
