"""The MD5s by which SQS's clients check that a message arrived as it was sent.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

_STRING, _BINARY = b"\x01", b"\x02"


def of_body(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def of_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> str:
    """Of message attributes, or message system attributes: by name, each with its type and value, and the
    length of each part before it."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        binary = attribute.get("BinaryValue")
        value = attribute["StringValue"].encode() if binary is None else binary
        digest.update(_sized(name.encode()) + _sized(attribute["DataType"].encode()))
        digest.update((_STRING if binary is None else _BINARY) + _sized(value))
    return digest.hexdigest()


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
