"""The bandwidth of a streamed answer, and how it is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.looptime import advance, by_hand, settle
from tests.support.sandboxes import Program, echo, hang
from tests.support.stage import started

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


class Caller:
    """A `ResponseSink` that keeps what it gets, and says when it wants no more."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.parts: list[bytes] = []
        self.room = room
        self.drained: Callable[[], None] | None = None

    def write(self, part: bytes, drained: Callable[[], None]) -> bool:
        self.parts.append(part)
        self.room -= len(part)
        self.drained = drained
        return self.room > 0


def stream(*pieces: bytes, error: bytes = b"") -> Callable[[Program], Awaitable[None]]:
    """A runtime that answers every event with these pieces."""

    async def script(program: Program) -> None:
        await program.ready()
        while True:
            meta, _ = await program.take_invoke()
            request_id = meta["request_id"].encode()
            for piece in pieces:
                frame = b"\x15" + (36 + len(piece)).to_bytes(4, "big") + request_id + piece
                await program.send(frame)
            program.frame(22, request_id + error)

    return script


@by_hand
async def test_frames_of_a_stream_reach_the_caller_as_they_come() -> None:
    here = await started(stream(b"one", b"two"))
    caller = Caller()
    call = await here.call(sink=caller)
    assert caller.parts == [b"one", b"two"]
    assert call.outcome == Outcome(b"")
    again = await here.call()
    assert again.outcome == Outcome(b"onetwo")


@by_hand
async def test_an_error_that_ends_a_stream_of_frames() -> None:
    here = await started(stream(b"half", error=b'{"errorType":"E","errorMessage":"x"}'))
    caller = Caller()
    call = await here.call(sink=caller)
    assert caller.parts == [b"half"]
    assert call.outcome == Outcome(b'{"errorType":"E","errorMessage":"x"}', "E")
    whole = await here.call()
    assert whole.outcome.function_error == "Unhandled"


@by_hand
async def test_a_runtime_waits_while_its_caller_wants_no_more() -> None:
    here = await started(stream(*[b"x" * 100_000] * 30), timeout=900)
    caller = Caller(room=100_000)
    call = here.invoke(sink=caller)
    for _ in range(10):
        await settle()
    assert len(caller.parts) < 15
    assert call.answers == []
    caller.room = 1 << 30
    assert caller.drained is not None
    caller.drained()
    for _ in range(20):
        await settle()
    assert len(caller.parts) == 30
    assert call.outcome == Outcome(b"")


@by_hand
async def test_an_answer_in_the_midst_of_a_stream_breaks_the_rules() -> None:
    async def both(program: Program) -> None:
        await program.ready()
        meta, _ = await program.take_invoke()
        program.frame(21, meta["request_id"].encode() + b"half")
        program.respond(meta["request_id"], b"1")
        await hang(program)

    here = await started(both, echo)
    call = await here.call(sink=Caller())
    assert call.outcome.function_error == "Unhandled"
    assert (await here.call(b"2")).outcome.payload == b"2"


@by_hand
async def test_a_long_stream_for_who_wants_it_whole_is_too_large() -> None:
    here = await started(stream(*[b"x" * 1_000_000] * 7), timeout=900)
    call = here.invoke()
    for _ in range(30):
        await settle()
    assert b"Function.ResponseSizeTooLarge" in call.outcome.payload
