"""The channel's frames: the same in whatever pieces they come, never more in memory than may be kept."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD
from ingle.worker.frames import (
    FrameReader,
    FrameType,
    Oversized,
    ProtocolError,
    init_frame,
    invoke_frame,
    parse_log,
)

LOG_LIMIT = 9 + 1_048_576


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack("!BI", kind, len(payload)) + payload


FRAMES = st.lists(
    st.one_of(
        st.just((int(FrameType.READY), b"")),
        st.tuples(st.sampled_from([17, 18, 19, 20]), st.binary(max_size=60)),
        st.builds(lambda extra: (20, b"z" * (LOG_LIMIT + extra)), st.integers(1, 3)),
    ),
    max_size=6,
)


def plain(frames: list[tuple[int, bytes | Oversized]]) -> list[tuple[int, object, object]]:
    return [
        (kind, p.length, p.head) if isinstance(p, Oversized) else (int(kind), len(p), p[:36])
        for kind, p in frames
    ]


@given(FRAMES, st.lists(st.integers(0, 2_000_000), max_size=8))
def test_any_split_of_the_stream_gives_the_same_frames(
    frames: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(frame(kind, payload) for kind, payload in frames)
    reader = FrameReader()
    got: list[tuple[int, bytes | Oversized]] = []
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in pairwise(places):
        got += reader.feed(stream[start:end])
    assert plain(got) == [(kind, len(payload), payload[:36]) for kind, payload in frames]


@given(st.lists(st.tuples(st.sampled_from([17, 18, 19, 20]), st.binary(max_size=50)), max_size=4))
def test_byte_by_byte_is_no_different(frames: list[tuple[int, bytes]]) -> None:
    reader = FrameReader()
    got = [one for byte in b"".join(frame(*f) for f in frames) for one in reader.feed(bytes([byte]))]
    assert got == frames


def test_a_response_at_the_limit_is_kept_and_one_byte_more_is_not() -> None:
    reader = FrameReader()
    limit = 36 + MAX_RESPONSE_PAYLOAD
    ((_, kept),) = reader.feed(frame(18, b"i" * limit))
    assert isinstance(kept, bytes)
    ((_, dropped),) = reader.feed(frame(18, b"i" * 36 + b"x" * (limit - 35)))
    assert isinstance(dropped, Oversized)
    assert (dropped.length, dropped.head) == (limit + 1, b"i" * 36)


def test_a_frame_of_four_gigabytes_takes_no_memory() -> None:
    reader = FrameReader()
    reader.feed(struct.pack("!BI", 18, 0xFFFFFFFF))
    for _ in range(100):
        assert reader.feed(b"x" * 100_000) == []
        assert len(reader._buffer) == 0


@pytest.mark.parametrize("data", [b"\x00\0\0\0\0", b"\x01\0\0\0\0", b"\xff....", b"\x10\0\0\0\x01x"])
def test_what_no_runtime_of_ours_sends_is_refused_at_its_head(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        FrameReader().feed(data)


@given(st.binary(max_size=400))
def test_no_bytes_do_worse_than_a_protocol_error(data: bytes) -> None:
    reader = FrameReader()
    try:
        for kind, payload in reader.feed(data):
            if kind == FrameType.LOG and isinstance(payload, bytes):
                parse_log(payload)
    except ProtocolError:
        return
    assert len(reader._buffer) <= len(data)


def test_the_nodes_frames_are_as_the_decision_says() -> None:
    assert invoke_frame(b'{"a":1}', b"event") == b'\x02\0\0\0\x10\0\0\0\x07{"a":1}event'
    assert init_frame("a.b", {}) == frame(
        1, b'{"handler": "a.b", "environ": {}, "log_format": "Text", "log_level": null}'
    )
    assert parse_log(b"\x03" + (5).to_bytes(8, "big") + "é".encode()) == (3, 5, "é")
