"""What AWS refuses of an event source mapping, for each kind of source."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.mappings import ACCOUNT, FIFO, FUNCTION, LEAST, QUEUE, REGION, SECRET, TABLE, unsupported

from ingle.model.errors import InvalidParameterValue
from ingle.model.eventsources import SourceType

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (SourceType.SQS, {"EventSourceArn": None}, "Unrecognized event source."),
    (SourceType.SQS, {"EventSourceArn": f"arn:aws:s3:{REGION}:{ACCOUNT}:b"}, "Unrecognized event source."),
    (SourceType.KAFKA, {"EventSourceArn": QUEUE}, "Unrecognized event source."),
    (SourceType.SQS, {"FunctionName": "missing"}, "Function does not exist"),
    (SourceType.SQS, {"FunctionName": "f:7"}, "Function does not exist"),
    (SourceType.SQS, {"FunctionName": "f:nobody"}, "Function does not exist"),
    (
        SourceType.SQS,
        {"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
    (
        SourceType.KINESIS,
        {"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}},
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
    (
        SourceType.KINESIS,
        {"DestinationConfig": {"OnFailure": {"Destination": FUNCTION}}},
        "The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={FUNCTION})) is invalid.",
    ),
    (
        SourceType.KINESIS,
        {"DestinationConfig": {"OnFailure": {"Destination": FIFO}}},
        f"The destination ARN {FIFO} is invalid.",
    ),
    (
        SourceType.SQS,
        {"BatchSize": 11},
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    ),
    (
        SourceType.SQS_FIFO,
        {"MaximumBatchingWindowInSeconds": 1},
        "Batching window is not supported for FIFO queues",
    ),
    (SourceType.SQS_FIFO, {"BatchSize": 11}, "Maximum batch size must be between 1 and 10 inclusive"),
    (SourceType.SQS, {"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
    (
        SourceType.KINESIS,
        {"StartingPosition": None},
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
        "Member must not be null.",
    ),
    (
        SourceType.DYNAMODB,
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime(2025, 1, 1, tzinfo=UTC)},
        f"Unsupported starting position for arn type: {TABLE}",
    ),
    (SourceType.KINESIS, {"StartingPosition": "AT_TIMESTAMP"}, "Need to specify a timestamp"),
    (
        SourceType.KINESIS,
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": datetime(2027, 1, 1, tzinfo=UTC)},
        "StartingPositionTimestamp cannot be in the future.",
    ),
    (
        SourceType.KINESIS,
        {"StartingPositionTimestamp": datetime(2025, 1, 1, tzinfo=UTC)},
        unsupported("startingPositionTimestamp"),
    ),
    (
        SourceType.KINESIS,
        {"MaximumRecordAgeInSeconds": 59},
        "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)",
    ),
    (SourceType.KINESIS, {"ScalingConfig": {"MaximumConcurrency": 2}}, unsupported("scalingConfig")),
    (SourceType.SQS, {"ParallelizationFactor": 2}, unsupported("parallelizationFactor")),
    (SourceType.SQS, {"BisectBatchOnFunctionError": False}, unsupported("bisectBatchOnFunctionError")),
    (SourceType.SQS, {"TumblingWindowInSeconds": 1}, unsupported("tumblingWindowInSeconds")),
    (SourceType.SQS, {"Topics": ["t"]}, unsupported("topics")),
    (
        SourceType.MQ,
        {"FunctionResponseTypes": ["ReportBatchItemFailures"]},
        unsupported("functionResponseTypes"),
    ),
    (SourceType.SQS, {"LoggingConfig": {"SystemLogLevel": "INFO"}}, unsupported("loggingConfig")),
    (
        SourceType.MSK,
        {"SelfManagedKafkaEventSourceConfig": {}},
        unsupported("selfManagedKafkaEventSourceConfig"),
    ),
    (
        SourceType.KAFKA,
        {"SourceAccessConfigurations": None},
        "Required 'sourceAccessConfigurations' parameter is missing.",
    ),
    (SourceType.KAFKA, {"Topics": None}, "Required 'topics' parameter is missing."),
    (SourceType.MSK, {"Topics": None}, "Required 'topics' parameter is missing."),
    (SourceType.MQ, {"Queues": None}, "Required 'queues' parameter is missing."),
    (
        SourceType.DOCUMENTDB,
        {"DocumentDBEventSourceConfig": None},
        "Required 'documentDBEventSourceConfig' parameter is missing.",
    ),
    (SourceType.MSK, {"SourceAccessConfigurations": SECRET}, unsupported("sourceAccessConfigurations.type")),
    (
        SourceType.KAFKA,
        {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}, "StartingPosition": "LATEST"},
        unsupported("startingPosition"),
    ),
    (
        SourceType.KAFKA,
        {"SelfManagedKafkaEventSourceConfig": {"ConsumptionMode": "Queue"}, "MaximumRetryAttempts": -1},
        unsupported("maximumRetryAttempts"),
    ),
    (
        SourceType.SQS,
        {"ProvisionedPollerConfig": {}},
        "Either MinimumPollers or MaximumPollers are required if ProvisionedPollerConfig is provided.",
    ),
    (
        SourceType.SQS,
        {"ProvisionedPollerConfig": {"MinimumPollers": 1}},
        "MinimumPollers should be between [2, 200] and "
        "MaximumPollers should be between [MinimumPollers, 10000]",
    ),
    (
        SourceType.KAFKA,
        {"ProvisionedPollerConfig": {"MinimumPollers": 5, "MaximumPollers": 4}},
        "MinimumPollers should be between [1, 200] and "
        "MaximumPollers should be between [MinimumPollers, 2000]",
    ),
    (
        SourceType.SQS,
        {"ProvisionedPollerConfig": {"MinimumPollers": 2, "PollerGroupName": "g"}},
        unsupported("provisionedPollerConfig.pollerGroupName"),
    ),
    (
        SourceType.SQS,
        {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {"MaximumConcurrency": 2}},
        "Provisioned mode for SQS ESM does not support maximum concurrency feature. "
        "Use MaximumPollers as the control mechanism and remove maximum concurrency.",
    ),
    *(
        (
            SourceType.SQS,
            {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
            "Invalid filter pattern definition.",
        )
        for pattern in ("null", "simple string", '{"eventSource": "aws:sqs"}', '{"eventSource": []}', "")
    ),
    (
        SourceType.SQS,
        {"FilterCriteria": {"Filters": [{"Pattern": '{"a": [1]}'}] * 6}},
        "Number of filters exceeds the limit of 5.",
    ),
    (
        SourceType.SQS,
        {"Tags": {f"k{n}": "v" for n in range(51)}},
        "Number of tags exceeds resource tag limit.",
    ),
    (SourceType.SQS, {"Tags": {"aws:k": "v"}}, "System tags cannot be added/updated by requester."),
]


@pytest.fixture(autouse=True)
async def _function(plane: ControlPlane) -> None:
    """There is an active function `f`."""
    await plane.active()


@pytest.mark.parametrize(("source", "request_", "text"), REFUSED)
async def test_a_refused_creation_leaves_nothing(
    plane: ControlPlane, source: SourceType, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidParameterValue) as caught:
        await plane.call("CreateEventSourceMapping", **{"FunctionName": "f", **LEAST[source], **request_})
    assert caught.value.message == text
    assert await plane.call("ListEventSourceMappings") == {"EventSourceMappings": []}
