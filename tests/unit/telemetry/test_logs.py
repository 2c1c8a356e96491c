"""Functions' logs gather in order, are handed on whole, and are bounded in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

import pytest

from ingle.model.errors import ServiceError
from ingle.telemetry import logs
from ingle.telemetry.logs import BufferedLogs, BufferedLogStream, Gathered, stream_name

HERE = ("000000000000", "us-east-1", "/aws/lambda/f")


class ListSink:
    """Takes batches, or fails."""

    def __init__(self) -> None:
        self.batches: list[list[Gathered]] = []
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def write(self, batch: Sequence[Gathered]) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.batches.append(list(batch))


@pytest.fixture
def sink() -> ListSink:
    return ListSink()


@pytest.fixture
def store(sink: ListSink) -> BufferedLogs:
    return BufferedLogs(sink)


def fill(stream: BufferedLogStream) -> None:
    while not stream.congested:
        stream.append(0, "x" * 100_000)


def test_a_stream_is_named_as_lambda_names_it() -> None:
    assert re.fullmatch(r"2026/03/05/\[7\][0-9a-f]{32}", stream_name("7", datetime(2026, 3, 5)))


async def test_a_flush_hands_on_every_stream_in_the_order_of_writing(
    store: BufferedLogs, sink: ListSink
) -> None:
    one, two = store.open(*HERE, "one"), store.open(*HERE, "two")
    one.append(5, "a")
    two.append(4, "b")
    one.append(5, "c")
    await store.flush()
    await store.flush()  # of nothing: no batch
    assert sink.batches == [
        [Gathered(*HERE, "one", [(5, "a"), (5, "c")]), Gathered(*HERE, "two", [(4, "b")])]
    ]


async def test_a_stream_that_holds_too_much_is_congested_until_it_is_written(store: BufferedLogs) -> None:
    stream, called = store.open(*HERE, "s"), []
    fill(stream)
    stream.when_clear(lambda: called.append("clear"))
    assert called == []
    await store.flush()
    assert called == ["clear"]
    assert not stream.congested


async def test_empty_lines_are_bounded_too(store: BufferedLogs) -> None:
    stream = store.open(*HERE, "s")
    for _ in range(100_000):
        stream.append(0, "")
    assert stream.congested


async def test_what_the_sink_has_not_taken_yet_counts(store: BufferedLogs, sink: ListSink) -> None:
    stream = store.open(*HERE, "s")
    fill(stream)
    sink.open.clear()
    flush = asyncio.ensure_future(store.flush())
    await asyncio.sleep(0)
    assert stream.congested
    sink.open.set()
    await flush
    assert not stream.congested


async def test_all_streams_together_are_bounded_and_silent_ones_are_not_held_up(
    store: BufferedLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_TOTAL_BOUND", 1_000)
    first, second, silent = (store.open(*HERE, name) for name in ("first", "second", "silent"))
    first.append(0, "x" * 900)
    second.append(0, "y")
    assert first.congested
    assert second.congested
    assert not silent.congested
    await store.flush()
    assert not first.congested
    assert store.held == 0


async def test_when_clear_after_the_flush_calls_at_once(store: BufferedLogs) -> None:
    called: list[str] = []
    store.open(*HERE, "s").when_clear(lambda: called.append("clear"))
    assert called == ["clear"]


@pytest.mark.parametrize("error", [ServiceError("disk full"), ValueError("a bug")])
async def test_what_the_sink_loses_holds_up_nobody(
    store: BufferedLogs, sink: ListSink, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    stream, called = store.open(*HERE, "s"), []
    fill(stream)
    stream.when_clear(lambda: called.append("clear"))
    sink.error = error
    await store.flush()
    assert called == ["clear"]
    assert "log events of 1 streams lost" in caplog.text
    sink.error = None
    stream.append(1, "kept")
    await store.flush()
    assert [each.events for batch in sink.batches for each in batch] == [[(1, "kept")]]


async def test_closing_writes_the_rest(store: BufferedLogs, sink: ListSink) -> None:
    store.start()
    store.open(*HERE, "s").append(1, "last")
    await store.close()
    await store.close()
    assert [each.events for batch in sink.batches for each in batch] == [[(1, "last")]]
