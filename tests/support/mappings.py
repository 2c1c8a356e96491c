"""Event sources of every kind, and the least that a mapping of each is made from."""

from __future__ import annotations

from typing import Any

from ingle.model.eventsources import SourceType

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
LEAST: dict[SourceType, dict[str, Any]] = {
    SourceType.SQS: {"EventSourceArn": QUEUE},
    SourceType.SQS_FIFO: {"EventSourceArn": FIFO},
    SourceType.KINESIS: {"EventSourceArn": STREAM, "StartingPosition": "LATEST"},
    SourceType.DYNAMODB: {"EventSourceArn": TABLE, "StartingPosition": "TRIM_HORIZON"},
    SourceType.MSK: {"EventSourceArn": CLUSTER, "Topics": ["t"]},
    SourceType.KAFKA: {
        "SelfManagedEventSource": OWN_KAFKA,
        "Topics": ["t"],
        "SourceAccessConfigurations": SECRET,
    },
    SourceType.MQ: {"EventSourceArn": BROKER, "Queues": ["q"], "SourceAccessConfigurations": SECRET},
    SourceType.DOCUMENTDB: {
        "EventSourceArn": DATABASE,
        "DocumentDBEventSourceConfig": {"DatabaseName": "d"},
        "SourceAccessConfigurations": SECRET,
    },
}


def unsupported(parameter: str) -> str:
    """AWS's words for a parameter that a kind of source does not take."""
    return f"Unsupported '{parameter}' parameter for given event source mapping type."
