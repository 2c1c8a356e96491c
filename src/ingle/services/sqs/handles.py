"""Receipt handles: which receive of which message of which queue, so that garbage is told from the expired.

A handle says nothing that its queue's user may not know, and is checked against the queue it is used on. To
clients it is opaque, and about as long as AWS's.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

from __future__ import annotations

import hashlib
import struct
from base64 import b64decode, b64encode

from ingle.services.sqs.errors import ReceiptHandleIsInvalid
from ingle.store.message import Receipt
from ingle.store.queues import QueueKey

_PREFIX = b"\x01\x01\x01"  # which is what makes AWS's handles begin with AQEB
_NUMBERS = struct.Struct(">QQI")
_DIGEST = 64


def encode(key: QueueKey, backlog: int, receipt: Receipt) -> str:
    """The handle of one receive."""
    numbers = _NUMBERS.pack(backlog, receipt.id, receipt.receives)
    return b64encode(_PREFIX + numbers + _digest(key, numbers)).decode()


def decode(key: QueueKey, handle: str) -> tuple[int, Receipt]:
    """The backlog and the receive that `handle` names. Raises ReceiptHandleIsInvalid for what is no handle of
    the queue `key`."""
    try:
        raw = b64decode(handle, validate=True)
    except ValueError:
        raise ReceiptHandleIsInvalid(handle) from None
    numbers = raw[len(_PREFIX) : len(_PREFIX) + _NUMBERS.size]
    if len(numbers) != _NUMBERS.size or raw != _PREFIX + numbers + _digest(key, numbers):
        raise ReceiptHandleIsInvalid(handle)
    backlog, id, receives = _NUMBERS.unpack(numbers)
    return backlog, Receipt(id, receives)


def _digest(key: QueueKey, numbers: bytes) -> bytes:
    return hashlib.blake2b("/".join(key).encode() + numbers, digest_size=_DIGEST).digest()
