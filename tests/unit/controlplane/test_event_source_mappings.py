"""Event source mappings answer as AWS does for each kind of source, and go through their states."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

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
from ingle.store import CodeStore, Database
from ingle.store.mappings import EventSourceMappings

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ACCOUNT, REGION = "000000000000", "us-east-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
FIFO = QUEUE + ".fifo"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026-01-01T00:00:00.000"
CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/4c5f2b1e-0000-0000-0000-000000000000-1"
BROKER = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-1"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:d"
SECRET = [{"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s"}]
OWN_KAFKA = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"]}}
CREATE: dict[str, dict[str, Any]] = {
    "sqs": {"EventSourceArn": QUEUE},
    "fifo": {"EventSourceArn": FIFO},
    "kinesis": {"EventSourceArn": STREAM, "StartingPosition": "LATEST"},
    "dynamodb": {"EventSourceArn": TABLE, "StartingPosition": "TRIM_HORIZON"},
    "msk": {"EventSourceArn": CLUSTER, "Topics": ["t"]},
    "kafka": {
        "SelfManagedEventSource": OWN_KAFKA,
        "Topics": ["t"],
        "SourceAccessConfigurations": SECRET,
    },
    "mq": {"EventSourceArn": BROKER, "Queues": ["q"], "SourceAccessConfigurations": SECRET},
    "documentdb": {
        "EventSourceArn": DATABASE,
        "DocumentDBEventSourceConfig": {"DatabaseName": "d"},
        "SourceAccessConfigurations": SECRET,
    },
}


@pytest.fixture
async def lifecycle(plane: ControlPlane, store: tuple[Database, CodeStore, FakeClock]) -> MappingLifecycle:
    """There is an active function `f`; transitions end when the test says so."""
    await plane.active()
    return MappingLifecycle(EventSourceMappings(store[0]), store[2])


async def create(plane: ControlPlane, source: str = "sqs", **request: Any) -> dict[str, Any]:
    return await plane.call("CreateEventSourceMapping", **{"FunctionName": "f", **CREATE[source], **request})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "sqs",
            {
                "BatchSize": 10,
                "EventSourceArn": QUEUE,
                "FunctionResponseTypes": [],
                "MaximumBatchingWindowInSeconds": 0,
                "StateTransitionReason": "USER_INITIATED",
            },
        ),
        (
            "dynamodb",
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
            "kafka",
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
    plane: ControlPlane, lifecycle: MappingLifecycle, source: str, expected: dict[str, Any]
) -> None:
    answer = await create(plane, source)
    uuid = answer.pop("UUID")
    assert answer.pop("EventSourceMappingArn") == (
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"
    )
    text = json.dumps(answer).replace(uuid, "<uuid>")
    common = {"FunctionArn": FUNCTION, "LastModified": 1_767_225_600.0, "State": "Creating"}
    assert json.loads(text) == expected | common


@pytest.mark.parametrize("source", CREATE)
async def test_every_kind_of_source_makes_a_mapping_that_becomes_enabled_and_goes(
    plane: ControlPlane, lifecycle: MappingLifecycle, source: str
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
        after = (await create(plane, "kinesis"))["UUID"]
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
            "sqs",
            f'An event source mapping with SQS arn (" {QUEUE} ") and function (" f ") already exists. '
            "Please update or delete the existing mapping with UUID ",
        ),
        (
            "kinesis",
            f'The event source arn (" {STREAM} ") and function (" f ") provided mapping already exists. '
            "Please update or delete the existing mapping with UUID ",
        ),
        (
            "kafka",
            f'An event source mapping with event source ("kafka:1000"), function ("{FUNCTION}"), '
            'topics ("t") already exists. Please update or delete the existing mapping with UUID ',
        ),
    ],
)
async def test_the_same_mapping_is_not_made_twice(
    plane: ControlPlane, lifecycle: MappingLifecycle, source: str, text: str
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
    await create(plane, "kafka")
    both = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000", "kafka:2000"]}}
    with pytest.raises(ResourceConflict, match='event source \\("kafka:1000,kafka:2000"\\)'):
        await create(plane, "kafka", SelfManagedEventSource=both)
    await create(plane, "kafka", SelfManagedEventSource=both, Topics=["other"])


UNSUPPORTED = "Unsupported '{}' parameter for given event source mapping type."
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sqs", {"EventSourceArn": None}, "Unrecognized event source."),
    ("sqs", {"EventSourceArn": f"arn:aws:s3:{REGION}:{ACCOUNT}:b"}, "Unrecognized event source."),
    ("kafka", {"EventSourceArn": QUEUE}, "Unrecognized event source."),
    ("sqs", {"FunctionName": "missing"}, "Function does not exist"),
    ("sqs", {"FunctionName": "f:7"}, "Function does not exist"),
    ("sqs", {"FunctionName": "f:nobody"}, "Function does not exist"),
    (
        "sqs",
        {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
    (
        "kinesis",
        {"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}},
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
    (
        "kinesis",
        {"DestinationConfig": {"OnFailure": {"Destination": FUNCTION}}},
        "The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={FUNCTION})) is invalid.",
    ),
    (
        "kinesis",
        {"DestinationConfig": {"OnFailure": {"Destination": FIFO}}},
        f"The destination ARN {FIFO} is invalid.",
    ),
    (
        "sqs",
        {"BatchSize": 11},
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    ),
    ("fifo", {"MaximumBatchingWindowInSeconds": 1}, "Batching window is not supported for FIFO queues"),
    ("fifo", {"BatchSize": 11}, "Maximum batch size must be between 1 and 10 inclusive"),
    ("sqs", {"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
    (
        "kinesis",
        {"StartingPosition": None},
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
        "Member must not be null.",
    ),
    (
        "dynamodb",
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime(2025, 1, 1, tzinfo=UTC)},
        f"Unsupported starting position for arn type: {TABLE}",
    ),
    ("kinesis", {"StartingPosition": "AT_TIMESTAMP"}, "Need to specify a timestamp"),
    (
        "kinesis",
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime(2027, 1, 1, tzinfo=UTC)},
        "StartingPositionTimestamp cannot be in the future.",
    ),
    (
        "kinesis",
        {"StartingPositionTimestamp": datetime(2025, 1, 1, tzinfo=UTC)},
        UNSUPPORTED.format("startingPositionTimestamp"),
    ),
    (
        "kinesis",
        {"MaximumRecordAgeInSeconds": 59},
        "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
    ),
    ("kinesis", {"ScalingConfig": {"MaximumConcurrency": 2}}, UNSUPPORTED.format("scalingConfig")),
    ("sqs", {"ParallelizationFactor": 2}, UNSUPPORTED.format("parallelizationFactor")),
    ("sqs", {"BisectBatchOnFunctionError": False}, UNSUPPORTED.format("bisectBatchOnFunctionError")),
    ("sqs", {"TumblingWindowInSeconds": 1}, UNSUPPORTED.format("tumblingWindowInSeconds")),
    ("sqs", {"Topics": ["t"]}, UNSUPPORTED.format("topics")),
    (
        "mq",
        {"FunctionResponseTypes": ["ReportBatchItemFailures"]},
        UNSUPPORTED.format("functionResponseTypes"),
    ),
    ("sqs", {"LoggingConfig": {"SystemLogLevel": "INFO"}}, UNSUPPORTED.format("loggingConfig")),
    (
        "msk",
        {"SelfManagedKafkaEventSourceConfig": {}},
        UNSUPPORTED.format("selfManagedKafkaEventSourceConfig"),
    ),
    (
        "kafka",
        {"SourceAccessConfigurations": None},
        "Required 'sourceAccessConfigurations' parameter is missing.",
    ),
    ("kafka", {"Topics": None}, "Required 'topics' parameter is missing."),
    ("msk", {"Topics": None}, "Required 'topics' parameter is missing."),
    ("mq", {"Queues": None}, "Required 'queues' parameter is missing."),
    (
        "documentdb",
        {"DocumentDBEventSourceConfig": None},
        "Required 'documentDBEventSourceConfig' parameter is missing.",
    ),
    ("msk", {"SourceAccessConfigurations": SECRET}, UNSUPPORTED.format("sourceAccessConfigurations.type")),
    (
        "kafka",
        {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}, "StartingPosition": "LATEST"},
        UNSUPPORTED.format("startingPosition"),
    ),
    (
        "kafka",
        {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}, "MaximumRetryAttempts": -1},
        UNSUPPORTED.format("maximumRetryAttempts"),
    ),
    (
        "sqs",
        {"ProvisionedPollerConfig": {}},
        "Either MinimumPollers or MaximumPollers are required if ProvisionedPollerConfig is provided.",
    ),
    (
        "sqs",
        {"ProvisionedPollerConfig": {"MinimumPollers": 1}},
        "MinimumPollers should be between [2, 200] and "
        "MaximumPollers should be between [MinimumPollers, 10000]",
    ),
    (
        "kafka",
        {"ProvisionedPollerConfig": {"MinimumPollers": 5, "MaximumPollers": 4}},
        "MinimumPollers should be between [1, 200] and "
        "MaximumPollers should be between [MinimumPollers, 2000]",
    ),
    (
        "sqs",
        {"ProvisionedPollerConfig": {"MinimumPollers": 2, "PollerGroupName": "g"}},
        UNSUPPORTED.format("provisionedPollerConfig.pollerGroupName"),
    ),
    (
        "sqs",
        {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {"MaximumConcurrency": 2}},
        "Provisioned mode for SQS ESM does not support maximum concurrency feature. "
        "Use MaximumPollers as the control mechanism and remove maximum concurrency.",
    ),
    *(
        ("sqs", {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}}, "Invalid filter pattern definition.")
        for pattern in ("null", "simple string", '{"eventSource": "aws:sqs"}', '{"eventSource": []}', "")
    ),
    (
        "sqs",
        {"FilterCriteria": {"Filters": [{"Pattern": '{"a": [1]}'}] * 6}},
        "Number of filters exceeds the limit of 5.",
    ),
    ("sqs", {"Tags": {f"k{n}": "v" for n in range(51)}}, "Number of tags exceeds resource tag limit."),
    ("sqs", {"Tags": {"aws:k": "v"}}, "System tags cannot be added/updated by requester."),
]


@pytest.mark.parametrize(("source", "request_", "text"), REFUSED)
async def test_a_refused_creation_leaves_nothing(
    plane: ControlPlane, lifecycle: MappingLifecycle, source: str, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidParameterValue) as caught:
        await create(plane, source, **request_)
    assert caught.value.message == text
    assert await plane.call("ListEventSourceMappings") == {"EventSourceMappings": []}


async def test_another_accounts_function_is_refused(plane: ControlPlane, lifecycle: MappingLifecycle) -> None:
    with pytest.raises(AccessDenied):
        await create(plane, FunctionName=FUNCTION.replace(ACCOUNT, "111111111111"))


@pytest.mark.parametrize(
    ("source", "given", "changes", "member", "expected"),
    [
        ("sqs", {}, {"ScalingConfig": {"MaximumConcurrency": 9}}, "ScalingConfig", {"MaximumConcurrency": 9}),
        ("sqs", {"ScalingConfig": {"MaximumConcurrency": 9}}, {"ScalingConfig": {}}, "ScalingConfig", None),
        ("sqs", {"KMSKeyArn": "arn:aws:kms:k"}, {"KMSKeyArn": ""}, "KMSKeyArn", None),
        (
            "sqs",
            {"FilterCriteria": {"Filters": [{"Pattern": '{"a": [1]}'}]}},
            {"FilterCriteria": {}},
            "FilterCriteria",
            None,
        ),
        (
            "sqs",
            {"ProvisionedPollerConfig": {"MinimumPollers": 3}},
            {"ProvisionedPollerConfig": {"MaximumPollers": 9}},
            "ProvisionedPollerConfig",
            {"MinimumPollers": 3, "MaximumPollers": 9},
        ),
        (
            "kinesis",
            {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
            {"DestinationConfig": {"OnFailure": {"Destination": ""}}},
            "DestinationConfig",
            {"OnFailure": {}},
        ),
        ("kinesis", {"BatchSize": 7}, {"ParallelizationFactor": 3}, "BatchSize", 7),
        (
            "mq",
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
    source: str,
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
        ("sqs", {"BatchSize": 100}, InvalidParameterValue, "Maximum batch window in seconds must be greater"),
        ("sqs", {"FunctionName": "missing"}, InvalidParameterValue, "Function does not exist"),
        (
            "msk",
            {"AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"}},
            InvalidParameterValue,
            UNSUPPORTED.format("amazonManagedKafkaEventSourceConfig.consumerGroupId"),
        ),
        (
            "mq",
            {"SourceAccessConfigurations": [{"Type": "VIRTUAL_HOST", "URI": "/"}]},
            InvalidParameterValue,
            UNSUPPORTED.format("sourceAccessConfigurations.type"),
        ),
    ],
)
async def test_a_refused_update_changes_nothing(
    plane: ControlPlane,
    lifecycle: MappingLifecycle,
    source: str,
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
        for source in ("sqs", "kinesis", "kafka")
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

    async def uuids(**filters: Any) -> set[tuple[str, str]]:
        page = await plane.call("ListEventSourceMappings", **filters)
        return {made[mapping["UUID"]] for mapping in page["EventSourceMappings"]}

    assert await uuids(FunctionName="g") == {("g", "sqs"), ("g", "kinesis"), ("g", "kafka")}
    assert await uuids(EventSourceArn=QUEUE) == {("f", "sqs"), ("g", "sqs")}
    assert await uuids(EventSourceArn=QUEUE, FunctionName=FUNCTION) == {("f", "sqs")}
    assert await uuids(FunctionName="nobody") == set()


async def test_a_mapping_stays_when_its_function_goes(
    plane: ControlPlane, lifecycle: MappingLifecycle
) -> None:
    uuid = (await create(plane))["UUID"]
    await plane.call("DeleteFunction", FunctionName="f")
    await lifecycle.settle_all()
    assert (await plane.call("GetEventSourceMapping", UUID=uuid))["State"] == "Enabled"
    await plane.call("DeleteEventSourceMapping", UUID=uuid)
