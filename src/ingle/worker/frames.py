"""The framed channel between node and runtime, without I/O. Frames: docs/decisions/0003-framed-channel.md.

Nothing that arrives here is trusted: lengths are bounded per type before a byte of the payload is kept.
"""

from __future__ import annotations

import json
import struct
from enum import IntEnum
from typing import Final

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD

_HEADER: Final = struct.Struct("!BI")
_META: Final = struct.Struct("!I")
_LOG: Final = struct.Struct("!BQ")
REQUEST_ID_BYTES: Final = 36


class FrameType(IntEnum):
    INIT = 1
    INVOKE = 2
    READY = 16
    INIT_ERROR = 17
    RESPONSE = 18
    ERROR = 19
    LOG = 20
    STREAM = 21
    STREAM_END = 22


class ProtocolError(Exception):
    """The runtime sent what the channel does not allow."""


# The longest payload that is kept. A longer RESPONSE or ERROR is counted and dropped (`Oversized`); anything
# else that is longer is no runtime of ours.
_KEPT: dict[int, int] = {
    FrameType.READY: 0,
    FrameType.INIT_ERROR: MAX_RESPONSE_PAYLOAD,
    FrameType.RESPONSE: REQUEST_ID_BYTES + MAX_RESPONSE_PAYLOAD,
    FrameType.ERROR: REQUEST_ID_BYTES + MAX_RESPONSE_PAYLOAD,
    FrameType.LOG: _LOG.size + 1_048_576,
    FrameType.STREAM: REQUEST_ID_BYTES + 1_048_576,
    FrameType.STREAM_END: REQUEST_ID_BYTES + MAX_RESPONSE_PAYLOAD,
}
_DROPPABLE = frozenset({FrameType.RESPONSE, FrameType.ERROR, FrameType.LOG})


class Oversized:
    """Stands in for the payload of a frame that was too long to keep: its length, and its first bytes."""

    __slots__ = ("head", "length")

    def __init__(self, length: int) -> None:
        self.length = length
        self.head = b""


Frame = tuple[int, "bytes | Oversized"]


class FrameReader:
    """Turns bytes as they come into frames. Raises ProtocolError; the reader is then of no more use."""

    __slots__ = ("_buffer", "_dropping", "_skip")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0
        self._dropping: tuple[int, Oversized] | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        buffer = self._buffer
        if not buffer and not self._skip and len(data) >= _HEADER.size:
            # One whole frame in one read is what happens nearly always.
            kind, length = _HEADER.unpack_from(data)
            if length == len(data) - _HEADER.size and length <= _KEPT.get(kind, -1):
                return [(kind, data[_HEADER.size :])]
        buffer += data
        frames: list[Frame] = []
        while self._take(frames):
            pass
        return frames

    def _take(self, frames: list[Frame]) -> bool:
        buffer = self._buffer
        if self._dropping is not None and not self._drop(frames):
            return False
        if len(buffer) < _HEADER.size:
            return False
        kind, length = _HEADER.unpack_from(buffer)
        if kind not in _KEPT:
            raise ProtocolError(f"frame of unknown type {kind}")
        if length > _KEPT[kind]:
            if kind not in _DROPPABLE:
                raise ProtocolError(f"frame of type {kind} with {length} bytes")
            del buffer[: _HEADER.size]
            self._skip = length
            self._dropping = (kind, Oversized(length))
            return True
        end = _HEADER.size + length
        if len(buffer) < end:
            return False
        frames.append((kind, bytes(buffer[_HEADER.size : end])))
        del buffer[:end]
        return True

    def _drop(self, frames: list[Frame]) -> bool:
        """Pass over the payload that is too long; whether its end was reached."""
        assert self._dropping is not None
        kind, oversized = self._dropping
        if len(oversized.head) < REQUEST_ID_BYTES:
            oversized.head += bytes(self._buffer[: REQUEST_ID_BYTES - len(oversized.head)])
        passed = min(self._skip, len(self._buffer))
        del self._buffer[:passed]
        self._skip -= passed
        if self._skip:
            return False
        frames.append((kind, oversized))
        self._dropping = None
        return True


def init_frame(
    handler: str, environ: dict[str, str], log_format: str = "Text", log_level: str | None = None
) -> bytes:
    payload = json.dumps(
        {"handler": handler, "environ": environ, "log_format": log_format, "log_level": log_level}
    ).encode()
    return _HEADER.pack(FrameType.INIT, len(payload)) + payload


def invoke_frame(meta: bytes, event: bytes) -> bytes:
    """`meta` is the JSON object of the INVOKE frame, `event` the payload as it came."""
    return b"".join(
        (
            _HEADER.pack(FrameType.INVOKE, _META.size + len(meta) + len(event)),
            _META.pack(len(meta)),
            meta,
            event,
        )
    )


def parse_log(payload: bytes) -> tuple[int, int, str]:
    """(level, epoch microseconds, text) of a LOG frame. Raises ProtocolError."""
    if len(payload) < _LOG.size:
        raise ProtocolError("LOG frame without its head")
    level, moment = _LOG.unpack_from(payload)
    return level, moment, payload[_LOG.size :].decode("utf-8", "replace")
