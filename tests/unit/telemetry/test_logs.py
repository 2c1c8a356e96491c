"""Log files: in order, whole, where they belong, and bounded in memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.telemetry import logs
from ingle.telemetry.logs import FileLogStore, FileLogStream, stream_name

HERE = ("000000000000", "us-east-1", "/aws/lambda/f")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileLogStore]:
    """A store whose writer thread does not run: tests flush by hand."""
    with patch.object(threading.Thread, "start"), patch.object(threading.Thread, "join"):
        yield FileLogStore(tmp_path)


def path_of(store: FileLogStore) -> Path:
    (path,) = store._root.rglob("*.jsonl")
    return path


def test_a_stream_is_named_as_lambda_names_it() -> None:
    assert re.fullmatch(r"2026/01/02/\[\$LATEST\][0-9a-f]{32}", stream_name("$LATEST", datetime(2026, 1, 2)))


def test_events_of_one_millisecond_keep_their_order(store: FileLogStore) -> None:
    stream = store.open(*HERE, "s")
    for number in range(50):
        stream.append(5, f"line {number}\nécrit\u2028")
    store._flush()
    assert list(store.read(*HERE)) == [(5, "s", f"line {number}\nécrit\u2028") for number in range(50)]


def test_streams_are_merged_by_time_and_cut_at_since(store: FileLogStore) -> None:
    one, two = store.open(*HERE, "2026/01/01/[1]a"), store.open(*HERE, "2026/01/01/[$LATEST]b")
    one.append(1, "a")
    two.append(2, "b")
    one.append(3, "c")
    store._flush()
    assert [text for _, _, text in store.read(*HERE, since_ms=2)] == ["b", "c"]
    assert {name for _, name, _ in store.read(*HERE)} == {one.name, two.name}


@pytest.mark.parametrize("cut", [b'[2,"half', '[2,"é'.encode()[:-1], b"\0\0\0"])
def test_a_last_line_cut_off_by_a_crash_is_left_out(store: FileLogStore, cut: bytes) -> None:
    store.open(*HERE, "s").append(1, "whole")
    store._flush()
    with open(path_of(store), "ab") as file:
        file.write(cut)
    assert list(store.read(*HERE)) == [(1, "s", "whole")]


def test_a_line_torn_by_a_power_failure_costs_only_itself(store: FileLogStore) -> None:
    stream = store.open(*HERE, "s")
    stream.append(1, "before")
    store._flush()
    with open(path_of(store), "ab") as file:
        file.write(b"\0\0\0\xff\n")
    stream.append(2, "after")
    store._flush()
    assert [text for _, _, text in store.read(*HERE)] == ["before", "after"]


@pytest.mark.parametrize("text", ["x" * 1_000, ""])
def test_a_flood_even_of_empty_lines_is_congestion_until_it_is_written(
    store: FileLogStore, text: str
) -> None:
    stream = store.open(*HERE, "s")
    for _ in range(logs._STREAM_BOUND // (len(text) + logs._EVENT_BYTES) + 1):
        assert not stream.congested
        stream.append(1, text)
    assert stream.congested
    called: list[bool] = []
    stream.when_clear(lambda: called.append(stream.congested))
    assert called == []
    store._flush()
    assert called == [False]
    store._flush()
    assert called == [False]


def test_when_clear_after_the_flush_calls_at_once(store: FileLogStore) -> None:
    stream = store.open(*HERE, "s")
    called: list[int] = []
    stream.when_clear(lambda: called.append(1))
    assert called == [1]


def test_a_disk_that_fails_loses_lines_and_stops_nobody(
    store: FileLogStore, caplog: pytest.LogCaptureFixture
) -> None:
    gone, fine = store.open(*HERE, "gone"), store.open(*HERE, "fine")
    gone._path = gone._path / "no" / "such"
    gone.append(1, "lost" * 2_000_000)
    fine.append(1, "kept")
    called: list[int] = []
    gone.when_clear(lambda: called.append(1))
    store._flush()
    assert called == [1]
    assert "log events lost" in caplog.text
    assert [text for _, _, text in store.read(*HERE)] == ["kept"]


def test_one_streams_trouble_is_not_the_others(store: FileLogStore) -> None:
    class Broken(FileLogStream):
        def flush(self) -> None:
            raise RuntimeError("its loop is closed")

    broken = Broken(store, store._root / "x", "broken")
    broken.append(1, "x")
    store.open(*HERE, "fine").append(1, "kept")
    store._flush()
    assert [text for _, _, text in store.read(*HERE)] == ["kept"]


def test_close_writes_the_rest(tmp_path: Path) -> None:
    store = FileLogStore(tmp_path)
    store.open(*HERE, "s").append(1, "last")
    store.close()
    assert [text for _, _, text in store.read(*HERE)] == ["last"]


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=520))
def test_no_name_leads_out_of_the_store_or_is_too_long_for_a_file_system(name: str) -> None:
    part = logs._part(name)
    assert len(part) <= 255
    assert "/" not in part
    assert part not in (".", "..")


def test_groups_that_differ_only_at_their_end_do_not_meet() -> None:
    assert logs._part("/" * 512) != logs._part("/" * 511)
    assert logs._part("..") == "%2E%2E"
