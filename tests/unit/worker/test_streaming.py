"""The bandwidth of a streamed answer, and how it is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.looptime import advance, by_hand

from ingle.model.invocation import Outcome
from ingle.worker.streaming import Bandwidth, StreamedAnswer

MB = 1024 * 1024


def test_six_megabytes_pass_at_once_and_the_rest_at_two_a_second() -> None:
    bandwidth = Bandwidth()
    assert bandwidth.wait(0.0, 6 * MB) == 0
    assert bandwidth.wait(0.0, 2 * MB) == pytest.approx(1.0)
    assert bandwidth.wait(1.0, 4 * MB) == pytest.approx(2.0)


@given(st.lists(st.integers(1, 3 * MB), max_size=100))
def test_nothing_is_sent_faster_however_it_is_cut(sizes: list[int]) -> None:
    bandwidth, now = Bandwidth(), 0.0
    for size in sizes:
        now += bandwidth.wait(now, size)
    assert now == pytest.approx(max(0, sum(sizes) - 6 * MB) / (2 * MB))


class Sink:
    def __init__(self) -> None:
        self.full = False
        self.drained: Callable[[], None] = lambda: None

    def write(self, part: bytes, drained: Callable[[], None]) -> bool:
        self.drained = drained
        return not self.full


@by_hand
async def test_a_stream_goes_on_only_when_the_caller_and_the_bandwidth_allow_it() -> None:
    sink, resumed, ended = Sink(), [], list[Outcome]()
    stream = StreamedAnswer(sink, "r", lambda: resumed.append(1), ended.append)
    assert stream.write(b"x" * 6 * MB)
    assert not stream.write(b"x" * 2 * MB)
    await advance(0.9)
    assert resumed == []
    await advance(0.2)
    assert resumed == [1]
    sink.full = True
    assert not stream.write(b"x" * 2 * MB)
    await advance(2)
    assert resumed == [1]
    sink.drained()
    assert resumed == [1, 1]
    stream.end("Function.Late", b"")
    assert ended[0].function_error == "Function.Late"
