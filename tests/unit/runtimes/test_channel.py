"""The runtime's reader of frames gets the same frames however the stream is cut."""

from __future__ import annotations

import socket
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.runtimes.python.channel import Channel, ChannelClosed

KINDS = st.integers(min_value=0, max_value=255)
# Short ones, and long ones around the size of the reader's buffer.
PAYLOADS = st.binary(max_size=40) | st.integers(65_400, 65_700).map(bytes)


class Cut:
    """A socket that hands the stream out in the given portions, then ends."""

    def __init__(self, stream: bytes, portions: list[int]) -> None:
        self._stream = memoryview(stream)
        self._portions = portions

    def recv_into(self, space: memoryview) -> int:
        size = min(self._portions.pop() if self._portions else 65_536, len(space), len(self._stream))
        space[:size] = self._stream[:size]
        self._stream = self._stream[size:]
        return size


def channel_on(fake: object) -> Channel:
    ours, theirs = socket.socketpair()
    ours.close()
    channel = Channel(theirs.detach())
    channel.disown()
    channel._socket = fake  # type: ignore[assignment]  # the one way to decide where the stream is cut
    return channel


@settings(deadline=None)
@given(
    frames=st.lists(st.tuples(KINDS, PAYLOADS), max_size=12),
    portions=st.lists(st.integers(1, 7) | st.integers(1, 70_000), max_size=60),
)
def test_frames_arrive_whole_and_in_order_then_the_channel_is_closed(
    frames: list[tuple[int, bytes]], portions: list[int]
) -> None:
    stream = b"".join(struct.pack(">BI", kind, len(payload)) + payload for kind, payload in frames)
    channel = channel_on(Cut(stream, portions))
    assert [channel.receive() for _ in frames] == frames
    with pytest.raises(ChannelClosed):
        channel.receive()


def test_a_stream_that_ends_inside_a_frame_is_a_closed_channel() -> None:
    channel = channel_on(Cut(struct.pack(">BI", 2, 10) + b"123", []))
    with pytest.raises(ChannelClosed):
        channel.receive()


def test_a_frame_sent_while_another_leaves_comes_after_it() -> None:
    sent: list[bytes] = []

    class Interrupted:
        def sendall(self, data: bytes) -> None:
            sent.append(data[:3])
            if len(sent) == 1:
                channel.send(20, b"log")  # as a signal handler does that logs
            sent.append(data[3:])

    channel = channel_on(Interrupted())
    channel.send(18, b"answer")
    assert b"".join(sent) == struct.pack(">BI", 18, 6) + b"answer" + struct.pack(">BI", 20, 3) + b"log"


def test_frames_of_threads_are_not_torn() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(theirs.detach())
    threads = [
        threading.Thread(target=channel.send, args=(20, bytes([number]) * 100_000)) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    stream = ours.makefile("rb")
    seen = set()
    for _ in threads:
        kind, length = struct.unpack(">BI", stream.read(5))
        payload = stream.read(length)
        assert (kind, payload) == (20, payload[:1] * 100_000)
        seen.add(payload[0])
    for thread in threads:
        thread.join(timeout=10)
    assert seen == set(range(8))
    stream.close()
    ours.close()
    with pytest.raises(ChannelClosed):
        channel.send(20, b"late")
    channel.disown()
