"""What an event source mapping can read from, and which of its parameters each kind of source takes.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and the page "parameters" of
each source in https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ingle.model.errors import InvalidParameterValue


class SourceType(StrEnum):
    SQS = "SQS"
    SQS_FIFO = "SQS FIFO"
    KINESIS = "Kinesis"
    DYNAMODB = "DynamoDB Streams"
    MSK = "MSK"
    KAFKA = "self-managed Kafka"
    MQ = "MQ"
    DOCUMENTDB = "DocumentDB"


USER_INITIATED, USER_ACTION = "USER_INITIATED", "User action"  # StateTransitionReason, by the kind of source
NO_RECORDS = "No records processed"  # LastProcessingResult of a mapping that has done nothing yet


@dataclass(frozen=True, slots=True)
class SourceRules:
    """parameters: those it takes besides the ones that all take. required: in the order of AWS's complaints.
    defaults: members of the mapping where the request does not say. positions: where reading may start.
    access: the types of SourceAccessConfigurations. destinations: what takes records that failed, `kafka`
    being a topic of the same cluster. pollers: least MinimumPollers and most MaximumPollers.
    """

    parameters: frozenset[str]
    defaults: Mapping[str, Any]
    required: tuple[str, ...] = ()
    positions: frozenset[str] = frozenset()
    access: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()
    reason: str = USER_INITIATED
    pollers: tuple[int, int] = (1, 2_000)


COMMON = frozenset(
    {
        "FunctionName",
        "EventSourceArn",
        "UUID",
        "Enabled",
        "BatchSize",
        "FilterCriteria",
        "KMSKeyArn",
        "MetricsConfig",
        "MaximumBatchingWindowInSeconds",
        "Tags",
    }
)
_START = frozenset({"StartingPosition", "StartingPositionTimestamp"})
_RETRIES = frozenset(
    {
        "DestinationConfig",
        "MaximumRecordAgeInSeconds",
        "BisectBatchOnFunctionError",
        "MaximumRetryAttempts",
        "FunctionResponseTypes",
    }
)
_STREAM = _START | _RETRIES | {"ParallelizationFactor", "TumblingWindowInSeconds"}
_KAFKA = (
    _START | _RETRIES | {"Topics", "SourceAccessConfigurations", "ProvisionedPollerConfig", "LoggingConfig"}
)
_FROM_EITHER_END = frozenset({"TRIM_HORIZON", "LATEST"})
_FROM_ANYWHERE = _FROM_EITHER_END | {"AT_TIMESTAMP"}
_QUEUE_DEFAULTS = {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "FunctionResponseTypes": []}
_STREAM_DEFAULTS = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "LastProcessingResult": NO_RECORDS,
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
# These wait for 500 ms, which no number of whole seconds says: without a value.
_BROKER_DEFAULTS = {"BatchSize": 100, "LastProcessingResult": NO_RECORDS}

_SQS = SourceRules(
    parameters=frozenset({"ScalingConfig", "FunctionResponseTypes", "ProvisionedPollerConfig"}),
    defaults=_QUEUE_DEFAULTS,
    pollers=(2, 10_000),
)

RULES: dict[SourceType, SourceRules] = {
    SourceType.SQS: _SQS,
    SourceType.SQS_FIFO: _SQS,
    SourceType.KINESIS: SourceRules(
        parameters=_STREAM,
        defaults=_STREAM_DEFAULTS,
        positions=_FROM_ANYWHERE,
        destinations=frozenset({"sqs", "sns", "s3"}),
        reason=USER_ACTION,
    ),
    SourceType.DYNAMODB: SourceRules(
        parameters=_STREAM,
        defaults=_STREAM_DEFAULTS,
        positions=_FROM_EITHER_END,
        destinations=frozenset({"sqs", "sns", "s3"}),
        reason=USER_ACTION,
    ),
    SourceType.MSK: SourceRules(
        parameters=_KAFKA | {"AmazonManagedKafkaEventSourceConfig"},
        defaults=_BROKER_DEFAULTS | {"StartingPosition": "TRIM_HORIZON"},
        required=("Topics",),
        positions=_FROM_ANYWHERE,
        access=frozenset({"SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH"}),
        destinations=frozenset({"sqs", "sns", "s3", "kafka"}),
    ),
    SourceType.KAFKA: SourceRules(
        parameters=_KAFKA | {"SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig"},
        defaults=_BROKER_DEFAULTS | {"StartingPosition": "TRIM_HORIZON"},
        required=("SourceAccessConfigurations", "Topics"),
        positions=_FROM_ANYWHERE,
        access=frozenset(
            {
                "BASIC_AUTH",
                "VPC_SUBNET",
                "VPC_SECURITY_GROUP",
                "SASL_SCRAM_256_AUTH",
                "SASL_SCRAM_512_AUTH",
                "CLIENT_CERTIFICATE_TLS_AUTH",
                "SERVER_ROOT_CA_CERTIFICATE",
                "OAUTHBEARER_AUTH",
                "OAUTHBEARER_SCOPE",
                "OAUTHBEARER_AUDIENCE",
                "OAUTHBEARER_LOGICAL_CLUSTER",
                "OAUTHBEARER_IDENTITY_POOL",
                "IAM_AUTH",
                "IAM_OAUTHBEARER_AUTH",
            }
        ),
        destinations=frozenset({"sqs", "sns", "s3", "kafka"}),
    ),
    SourceType.MQ: SourceRules(
        parameters=frozenset({"Queues", "SourceAccessConfigurations"}),
        defaults=_BROKER_DEFAULTS,
        required=("SourceAccessConfigurations", "Queues"),
        access=frozenset({"BASIC_AUTH", "VIRTUAL_HOST"}),
    ),
    SourceType.DOCUMENTDB: SourceRules(
        parameters=_START | {"DocumentDBEventSourceConfig", "SourceAccessConfigurations"},
        defaults=_BROKER_DEFAULTS | {"StartingPosition": "LATEST"},
        required=("SourceAccessConfigurations", "DocumentDBEventSourceConfig"),
        positions=_FROM_ANYWHERE,
        access=frozenset({"BASIC_AUTH"}),
    ),
}

_ARNS = (
    (re.compile(r"arn:[^:]+:sqs:[^:]*:\d{12}:[^:]+\.fifo", re.ASCII), SourceType.SQS_FIFO),
    (re.compile(r"arn:[^:]+:sqs:[^:]*:\d{12}:[^:]+", re.ASCII), SourceType.SQS),
    (re.compile(r"arn:[^:]+:kinesis:[^:]*:\d{12}:stream/.+", re.ASCII), SourceType.KINESIS),
    (re.compile(r"arn:[^:]+:dynamodb:[^:]*:\d{12}:table/[^/]+/stream/.+", re.ASCII), SourceType.DYNAMODB),
    (re.compile(r"arn:[^:]+:kafka:[^:]*:\d{12}:(cluster|vpc-connection)/.+", re.ASCII), SourceType.MSK),
    (re.compile(r"arn:[^:]+:mq:[^:]*:\d{12}:broker:.+", re.ASCII), SourceType.MQ),
    (re.compile(r"arn:[^:]+:rds:[^:]*:\d{12}:cluster:.+", re.ASCII), SourceType.DOCUMENTDB),
)


def source_type(request: Mapping[str, Any]) -> SourceType:
    """What a request to create a mapping would read from. Raises InvalidParameterValue where it is nothing
    that Lambda reads from, or is not said."""
    arn = request.get("EventSourceArn")
    if request.get("SelfManagedEventSource"):
        if not arn:
            return SourceType.KAFKA
    elif arn:
        for pattern, kind in _ARNS:
            if pattern.fullmatch(arn):
                return kind
    raise InvalidParameterValue("Unrecognized event source.")
