"""Event source mappings answer as AWS does for each kind of source, and go through their states."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.mappings import (
    ACCOUNT,
    FUNCTION,
    LEAST,
    OWN_KAFKA,
    QUEUE,
    REGION,
    SECRET,
    STREAM,
    TABLE,
    unsupported,
)

from ingle.controlplane.handlers import RequestContext
from ingle.controlplane.mappinglifecycle import MappingLifecycle
from ingle.model.clock import FakeClock
from ingle.model.errors import (
    AccessDenied,
    CallerError,
    InvalidParameterValue,
    ResourceConflict,
    ResourceInUse,
    ResourceNotFound,
)
from ingle.model.eventsources import SourceType
from ingle.store import CodeStore, Database
from ingle.store.mappings import EventSourceMappings

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane


@pytest.fixture
async def lifecycle(plane: ControlPlane, store: tuple[Database, CodeStore, FakeClock]) -> MappingLifecycle:
    """There is an active function `f`; transitions end when the test says so."""
    await plane.active()
    return MappingLifecycle(EventSourceMappings(store[0]), store[2])


async def create(plane: ControlPlane, source: SourceType = SourceType.SQS, **request: Any) -> dict[str, Any]:
    return await plane.call("CreateEventSourceMapping", **{"FunctionName": "f", **LEAST[source], **request})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            SourceType.SQS,
            {
                "BatchSize": 10,
                "EventSourceArn": QUEUE,
                "FunctionResponseTypes": [],
                "MaximumBatchingWindowInSeconds": 0,
                "StateTransitionReason": "USER_INITIATED",
            },
        ),
        (
            SourceType.DYNAMODB,
            {
                "BatchSize": 100,
                "BisectBatchOnFunctionError": False,
                "DestinationConfig": {"OnFailure": {}},
                "EventSourceArn": TABLE,
                "FunctionResponseTypes": [],
                "LastProcessingResult": "No records processed",
                "MaximumBatchingWindowInSeconds": 0,
                "MaximumRecordAgeInSeconds": -1,
                "MaximumRetryAttempts": -1,
                "ParallelizationFactor": 1,
                "StartingPosition": "TRIM_HORIZON",
                "StateTransitionReason": "User action",
                "TumblingWindowInSeconds": 0,
            },
        ),
        (
            SourceType.KAFKA,
            {
                "BatchSize": 100,
                "LastProcessingResult": "No records processed",
                "SelfManagedEventSource": OWN_KAFKA,
                "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "<uuid>"},
                "SourceAccessConfigurations": SECRET,
                "StartingPosition": "TRIM_HORIZON",
                "StateTransitionReason": "USER_INITIATED",
                "Topics": ["t"],
            },
        ),
    ],
)
async def test_a_creation_is_answered_as_aws_recorded_it(
    plane: ControlPlane, lifecycle: MappingLifecycle, source: SourceType, expected: dict[str, Any]
) -> None:
    answer = await create(plane, source)
    uuid = answer.pop("UUID")
    assert answer.pop("EventSourceMappingArn") == (
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"
    )
    text = json.dumps(answer).replace(uuid, "<uuid>")
    common = {"FunctionArn": FUNCTION, "LastModified": 1_767_225_600.0, "State": "Creating"}
    assert json.loads(text) == expected | common


@pytest.mark.parametrize("source", SourceType)
async def test_every_kind_of_source_makes_a_mapping_that_becomes_enabled_and_goes(
    plane: ControlPlane, lifecycle: MappingLifecycle, source: SourceType
) -> None:
    created = await create(plane, source)
    uuid = created["UUID"]
    with pytest.raises(
        ResourceInUse, match=r"^Cannot delete the event source mapping because it is in use.$"
    ):
        await plane.call("DeleteEventSourceMapping", UUID=uuid)
    await lifecycle.settle_all()
    plane.clock.advance(1)
    enabled = await plane.call("GetEventSourceMapping", UUID=uuid)
    assert enabled == {**created, "State": "Enabled"}
    deleted = await plane.call("DeleteEventSourceMapping", UUID=uuid)
    assert (deleted["State"], deleted["LastModified"]) == ("Deleting", created["LastModified"] + 1)
    with pytest.raises(ResourceInUse):
        await plane.call("DeleteEventSourceMapping", UUID=uuid)
    await lifecycle.settle_all()
    with pytest.raises(ResourceNotFound, match=r"^The resource you requested does not exist.$"):
        await plane.call("GetEventSourceMapping", UUID=uuid)


async def test_a_mapping_is_enabled_and_disabled_and_updated(
    plane: ControlPlane, lifecycle: MappingLifecycle
) -> None:
    uuid = (await create(plane, Enabled=False))["UUID"]
    states = [(await plane.call("GetEventSourceMapping", UUID=uuid))["State"]]
    for request in ({"Enabled": True}, {"BatchSize": 5}, {"Enabled": False}, {"BatchSize": 6}):
        states.append((await plane.call("UpdateEventSourceMapping", UUID=uuid, **request))["State"])
        with pytest.raises(ResourceInUse, match="Cannot update the event source mapping because"):
            await plane.call("UpdateEventSourceMapping", UUID=uuid, **request)
        await lifecycle.settle_all()
        states.append((await plane.call("GetEventSourceMapping", UUID=uuid))["State"])
    assert states == [
        "Disabled", "Enabling", "Enabled", "Updating", "Enabled",
        "Disabling", "Disabled", "Updating", "Disabled",
    ]  # fmt: skip


async def test_a_running_lifecycle_ends_what_an_earlier_life_began_and_what_comes_then(
    plane: ControlPlane, lifecycle: MappingLifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()
    settle_all = lifecycle.settle_all

    async def watched() -> None:
        await settle_all()
        ended.set()

    monkeypatch.setattr(lifecycle, "settle_all", watched)
    before = (await create(plane))["UUID"]
    lifecycle.start()
    async with asyncio.timeout(10):
        await ended.wait()
        ended.clear()
        after = (await create(plane, SourceType.KINESIS))["UUID"]
        lifecycle.wake()
        await ended.wait()
    await lifecycle.close()
    await lifecycle.close()
    for uuid in (before, after):
        assert (await plane.call("GetEventSourceMapping", UUID=uuid))["State"] == "Enabled"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            SourceType.SQS,
            f'An event source mapping with SQS arn (" {QUEUE} ") and function (" f ") already exists. '
            "Please update or delete the existing mapping with UUID ",
        ),
        (
            SourceType.KINESIS,
            f'The event source arn (" {STREAM} ") and function (" f ") provided mapping already exists. '
            "Please update or delete the existing mapping with UUID ",
        ),
        (
            SourceType.KAFKA,
            f'An event source mapping with event source ("kafka:1000"), function ("{FUNCTION}"), '
            'topics ("t") already exists. Please update or delete the existing mapping with UUID ',
        ),
    ],
)
async def test_the_same_mapping_is_not_made_twice(
    plane: ControlPlane, lifecycle: MappingLifecycle, source: SourceType, text: str
) -> None:
    existing = await create(plane, source)
    with pytest.raises(ResourceConflict) as caught:
        await create(plane, source)
    assert caught.value.message == text + existing["UUID"]
    await plane.active("g")
    await create(plane, source, FunctionName="g")
    await create(plane, source, FunctionName="f:$LATEST")


async def test_an_update_does_not_make_it_either(plane: ControlPlane, lifecycle: MappingLifecycle) -> None:
    await plane.active("g")
    await create(plane)
    other = await create(plane, FunctionName="g")
    await lifecycle.settle_all()
    with pytest.raises(ResourceConflict, match="An event source mapping with SQS arn"):
        await plane.call("UpdateEventSourceMapping", UUID=other["UUID"], FunctionName="f")
    moved = await plane.call("UpdateEventSourceMapping", UUID=other["UUID"], FunctionName="f:$LATEST")
    assert moved["FunctionArn"] == FUNCTION + ":$LATEST"


async def test_of_two_kafka_mappings_one_common_server_is_enough(
    plane: ControlPlane, lifecycle: MappingLifecycle
) -> None:
    await create(plane, SourceType.KAFKA)
    both = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000", "kafka:2000"]}}
    with pytest.raises(ResourceConflict, match='event source \\("kafka:1000,kafka:2000"\\)'):
        await create(plane, SourceType.KAFKA, SelfManagedEventSource=both)
    await create(plane, SourceType.KAFKA, SelfManagedEventSource=both, Topics=["other"])


async def test_another_accounts_function_is_refused(plane: ControlPlane, lifecycle: MappingLifecycle) -> None:
    with pytest.raises(AccessDenied):
        await create(plane, FunctionName=FUNCTION.replace(ACCOUNT, "111111111111"))


@pytest.mark.parametrize(
    ("source", "given", "changes", "member", "expected"),
    [
        (
            SourceType.SQS,
            {},
            {"ScalingConfig": {"MaximumConcurrency": 9}},
            "ScalingConfig",
            {"MaximumConcurrency": 9},
        ),
        (
            SourceType.SQS,
            {"ScalingConfig": {"MaximumConcurrency": 9}},
            {"ScalingConfig": {}},
            "ScalingConfig",
            None,
        ),
        (SourceType.SQS, {"KMSKeyArn": "arn:aws:kms:k"}, {"KMSKeyArn": ""}, "KMSKeyArn", None),
        (
            SourceType.SQS,
            {"FilterCriteria": {"Filters": [{"Pattern": '{"a": [1]}'}]}},
            {"FilterCriteria": {}},
            "FilterCriteria",
            None,
        ),
        (
            SourceType.SQS,
            {"ProvisionedPollerConfig": {"MinimumPollers": 3}},
            {"ProvisionedPollerConfig": {"MaximumPollers": 9}},
            "ProvisionedPollerConfig",
            {"MinimumPollers": 3, "MaximumPollers": 9},
        ),
        (
            SourceType.KINESIS,
            {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
            {"DestinationConfig": {"OnFailure": {"Destination": ""}}},
            "DestinationConfig",
            {"OnFailure": {}},
        ),
        (SourceType.KINESIS, {"BatchSize": 7}, {"ParallelizationFactor": 3}, "BatchSize", 7),
        (
            SourceType.MQ,
            {"SourceAccessConfigurations": [*SECRET, {"Type": "VIRTUAL_HOST", "URI": "/"}]},
            {"SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "other"}]},
            "SourceAccessConfigurations",
            [{"Type": "BASIC_AUTH", "URI": "other"}, {"Type": "VIRTUAL_HOST", "URI": "/"}],
        ),
    ],
)
async def test_an_update_changes_what_it_names_and_takes_away_what_it_empties(
    plane: ControlPlane,
    lifecycle: MappingLifecycle,
    source: SourceType,
    given: dict[str, Any],
    changes: dict[str, Any],
    member: str,
    expected: Any,
) -> None:
    uuid = (await create(plane, source, **given))["UUID"]
    await lifecycle.settle_all()
    changed = await plane.call("UpdateEventSourceMapping", UUID=uuid, **changes)
    assert changed.get(member) == expected
    assert (await plane.call("GetEventSourceMapping", UUID=uuid)) == changed


@pytest.mark.parametrize(
    ("source", "changes", "error", "text"),
    [
        (
            SourceType.SQS,
            {"BatchSize": 100},
            InvalidParameterValue,
            "Maximum batch window in seconds must be greater",
        ),
        (SourceType.SQS, {"FunctionName": "missing"}, InvalidParameterValue, "Function does not exist"),
        (
            SourceType.MSK,
            {"AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"}},
            InvalidParameterValue,
            unsupported("amazonManagedKafkaEventSourceConfig.consumerGroupId"),
        ),
        (
            SourceType.MQ,
            {"SourceAccessConfigurations": [{"Type": "VIRTUAL_HOST", "URI": "/"}]},
            InvalidParameterValue,
            unsupported("sourceAccessConfigurations.type"),
        ),
    ],
)
async def test_a_refused_update_changes_nothing(
    plane: ControlPlane,
    lifecycle: MappingLifecycle,
    source: SourceType,
    changes: dict[str, Any],
    error: type[CallerError],
    text: str,
) -> None:
    created = await create(plane, source)
    await lifecycle.settle_all()
    with pytest.raises(error) as caught:
        await plane.call("UpdateEventSourceMapping", UUID=created["UUID"], **changes)
    assert text in caught.value.message
    found = await plane.call("GetEventSourceMapping", UUID=created["UUID"])
    assert found == {**created, "State": "Enabled"}


@pytest.mark.parametrize(
    "operation", ["GetEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping"]
)
async def test_a_mapping_that_is_not_there_or_another_accounts_is_not_found(
    plane: ControlPlane, lifecycle: MappingLifecycle, operation: str
) -> None:
    uuid = (await create(plane))["UUID"]
    stranger = RequestContext("111111111111", REGION, "request-id", "http://127.0.0.1:4566")
    for context, wanted in ((plane.context, "0" * 36), (stranger, uuid)):
        with pytest.raises(ResourceNotFound, match=r"^The resource you requested does not exist.$"):
            await plane.call(operation, context, UUID=wanted)


async def test_mappings_are_listed_page_by_page_and_by_function_and_source(
    plane: ControlPlane, lifecycle: MappingLifecycle
) -> None:
    await plane.active("g")
    made = {
        (await create(plane, source, FunctionName=name))["UUID"]: (name, source)
        for name in ("f", "g")
        for source in (SourceType.SQS, SourceType.KINESIS, SourceType.KAFKA)
    }
    listed: list[str] = []
    marker: dict[str, Any] = {}
    while True:
        page = await plane.call("ListEventSourceMappings", MaxItems=4, **marker)
        listed += [mapping["UUID"] for mapping in page["EventSourceMappings"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert sorted(listed) == sorted(made)

    async def uuids(**filters: Any) -> set[tuple[str, SourceType]]:
        page = await plane.call("ListEventSourceMappings", **filters)
        return {made[mapping["UUID"]] for mapping in page["EventSourceMappings"]}

    assert await uuids(FunctionName="g") == {
        ("g", SourceType.SQS),
        ("g", SourceType.KINESIS),
        ("g", SourceType.KAFKA),
    }
    assert await uuids(EventSourceArn=QUEUE) == {("f", SourceType.SQS), ("g", SourceType.SQS)}
    assert await uuids(EventSourceArn=QUEUE, FunctionName=FUNCTION) == {("f", SourceType.SQS)}
    assert await uuids(FunctionName="nobody") == set()


async def test_a_mapping_stays_when_its_function_goes(
    plane: ControlPlane, lifecycle: MappingLifecycle
) -> None:
    uuid = (await create(plane))["UUID"]
    await plane.call("DeleteFunction", FunctionName="f")
    await lifecycle.settle_all()
    assert (await plane.call("GetEventSourceMapping", UUID=uuid))["State"] == "Enabled"
    await plane.call("DeleteEventSourceMapping", UUID=uuid)
