"""Frames of `application/vnd.amazon.eventstream`.

https://smithy.io/2.0/aws/amazon-eventstream.html. A frame, integers big endian:

    u32 total length, u32 length of the headers, u32 CRC-32 of these eight bytes
    headers: u8 length and name, u8 type, value (here always type 7: u16 length and UTF-8 text)
    payload
    u32 CRC-32 of all before it
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from ingle.wire.serializer import to_json

_STRING = 7
_OVERHEAD = 16  # prelude with its CRC, and the frame's CRC


def encode_frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame. Raises struct.error for a header name over 255 or a value over 65,535 bytes."""
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    lengths = struct.pack(">II", _OVERHEAD + len(head) + len(payload), len(head))
    frame = b"".join((lengths, struct.pack(">I", crc32(lengths)), head, payload))
    return frame + struct.pack(">I", crc32(frame))


def encode_event(shape: Any, name: str, members: Mapping[str, Any]) -> bytes:
    """The event `name` of the event stream `shape` (a botocore structure shape) with its `members`.

    A member that is the event's payload goes as it is (bytes), otherwise the members go as JSON. Raises
    KeyError for an event that the stream does not have.
    """
    event = shape.members[name]
    for member_name, member in event.members.items():
        if member.serialization.get("eventpayload") and member.type_name in ("blob", "string"):
            content = members[member_name]
            if member.type_name == "blob":
                return encode_frame(_event_headers(name, "application/octet-stream"), bytes(content))
            return encode_frame(_event_headers(name, "text/plain"), content.encode())
    document = json.dumps(to_json(event, members), separators=(",", ":"), ensure_ascii=False)
    return encode_frame(_event_headers(name, "application/json"), document.encode())


def encode_exception(code: str, message: str) -> bytes:
    """An error that ends a stream whose status line is already sent."""
    headers = {
        ":exception-type": code,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode_frame(headers, json.dumps({"message": message}, separators=(",", ":")).encode())


def _event_headers(name: str, content_type: str) -> dict[str, str]:
    return {":event-type": name, ":content-type": content_type, ":message-type": "event"}


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack(">B", len(name)) + name + struct.pack(">BH", _STRING, len(value)) + value
