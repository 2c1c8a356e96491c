"""A queue's attributes: which there are, their ranges and defaults, and what AWS says to others.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ingle.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    QueueNameExists,
    UnknownAttribute,
)

MAXIMUM_MESSAGE_SIZE = 1_048_576  # bytes; 256 KiB until August 2025


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers, both ends included. `default` is None where the attribute is not shown unless set."""

    low: int
    high: int
    default: int | None


RANGES = {
    "VisibilityTimeout": Range(0, 43_200, 30),
    "MaximumMessageSize": Range(1_024, MAXIMUM_MESSAGE_SIZE, MAXIMUM_MESSAGE_SIZE),
    "MessageRetentionPeriod": Range(60, 1_209_600, 345_600),
    "DelaySeconds": Range(0, 900, 0),
    "ReceiveMessageWaitTimeSeconds": Range(0, 20, 0),
    "KmsDataKeyReusePeriodSeconds": Range(60, 86_400, None),
}
# The first is the default.
_STANDARD_CHOICES = {"SqsManagedSseEnabled": ("true", "false")}
_FIFO_CHOICES = {
    "ContentBasedDeduplication": ("false", "true"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_CHOICES = {**_STANDARD_CHOICES, **_FIFO_CHOICES}
_HIGH_THROUGHPUT = ("DeduplicationScope", "FifoThroughputLimit")
_DOCUMENTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy")
_SETTABLE = frozenset({*RANGES, *_CHOICES, *_DOCUMENTS, "FifoQueue", "KmsMasterKeyId"})
# These values mean that the attribute is not set, so it is not shown.
_UNSET = {
    "KmsMasterKeyId": "",
    "KmsDataKeyReusePeriodSeconds": "300",
    "Policy": "",
    "RedrivePolicy": "",
    "RedriveAllowPolicy": "",
}
_COUNTED = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
READABLE = _SETTABLE | {*_COUNTED, "QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", "All"}


def defaults(fifo: bool) -> dict[str, str]:
    """What a queue has that nobody set anything of."""
    found = {name: str(each.default) for name, each in RANGES.items() if each.default is not None}
    found.update((name, choices[0]) for name, choices in _STANDARD_CHOICES.items())
    if fifo:
        found["FifoQueue"] = "true"
        found.update((name, choices[0]) for name, choices in _FIFO_CHOICES.items())
    return found


def seconds(attributes: Mapping[str, str], name: str) -> int:
    """The value of a numeric attribute, set or not."""
    return int(attributes.get(name) or RANGES[name].default or 0)


def check_new(attributes: Mapping[str, str]) -> bool:
    """Check the attributes of a queue to be created; whether it is FIFO.

    Raises InvalidAttributeName, InvalidAttributeValue.
    """
    fifo = attributes.get("FifoQueue") == "true"
    if not fifo and "FifoQueue" in attributes:
        raise UnknownAttribute("FifoQueue")
    check(attributes, fifo)
    return fifo


def check(attributes: Mapping[str, str], fifo: bool) -> None:
    """Check attributes to be set, each on its own. Raises InvalidAttributeName, InvalidAttributeValue."""
    for name, value in attributes.items():
        _check_name(name, fifo)
        if name == "FifoQueue" and value != "true":
            raise InvalidAttributeValue(name, "Modifying queue type is not supported.")
        if not _is_valid(name, value):
            raise InvalidAttributeValue(name)
    if attributes.get("KmsMasterKeyId") and attributes.get("SqsManagedSseEnabled") == "true":
        raise InvalidAttributeName(
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE."
        )


def merge(existing: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """A queue's attributes once `given`, which `check` has passed, is set. Raises InvalidAttributeValue."""
    merged = {**existing, **given}
    if given.get("KmsMasterKeyId"):
        merged["SqsManagedSseEnabled"] = "false"
    elif given.get("SqsManagedSseEnabled") == "true":
        merged.pop("KmsMasterKeyId", None)
    for name, unset in _UNSET.items():
        if merged.get(name) == unset:
            del merged[name]
    if (
        merged.get("FifoThroughputLimit") == "perMessageGroupId"
        and merged.get("DeduplicationScope") != "messageGroup"
    ):
        raise InvalidAttributeValue(
            "FifoThroughputLimit",
            "The value perMessageGroupId is allowed only when DeduplicationScope is messageGroup.",
        )
    return merged


def check_same(existing: Mapping[str, str], fifo: bool, given: Mapping[str, str]) -> None:
    """A queue may be created again, but not with other attributes. Raises QueueNameExists."""
    has = {**_UNSET, **defaults(fifo), **existing}
    for name, value in given.items():
        if has.get(name) != value and not _is_same_document(name, has.get(name, ""), value):
            raise QueueNameExists(name)


def _is_same_document(name: str, one: str, other: str) -> bool:
    return name in _DOCUMENTS and bool(one) and bool(other) and json.loads(one) == json.loads(other)


def _check_name(name: str, fifo: bool) -> None:
    if name not in _SETTABLE:
        raise UnknownAttribute(name)
    if fifo:
        return
    if name in _HIGH_THROUGHPUT:
        raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
    if name in _FIFO_CHOICES or name == "FifoQueue":
        raise UnknownAttribute(name)


def _is_valid(name: str, value: str) -> bool:
    if name in RANGES:
        allowed = RANGES[name]
        return value.isascii() and value.isdigit() and allowed.low <= int(value[:20]) <= allowed.high
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name in _DOCUMENTS and value:
        return _is_object(value)
    return True


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
