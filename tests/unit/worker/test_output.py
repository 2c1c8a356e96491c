"""What a function writes, cut into events, loses nothing."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from ingle.worker import output
from ingle.worker.output import LineSplitter, Tail

PIECES = st.lists(st.text(alphabet="ab\n", max_size=30).map(str.encode), max_size=8)


@given(PIECES)
def test_lines_joined_are_what_was_written(pieces: list[bytes]) -> None:
    splitter = LineSplitter()
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    assert all("\n" not in line for line in lines)
    rest = splitter.flush()
    assert "".join(f"{line}\n" for line in lines) + "".join(rest) == b"".join(pieces).decode()


@given(PIECES)
def test_no_event_is_longer_than_it_may_be_and_nothing_is_lost_in_cutting(pieces: list[bytes]) -> None:
    with patch.object(output, "MAX_EVENT_BYTES", 5):
        splitter = LineSplitter()
        events = [event for piece in pieces for event in splitter.feed(piece)]
        assert len(splitter._partial) <= 5
        events += splitter.flush()
    assert all(len(event) <= 5 for event in events)
    assert "".join(events) == b"".join(pieces).decode().replace("\n", "")


def test_a_character_in_two_pieces_is_one_character() -> None:
    splitter = LineSplitter()
    assert splitter.feed("é".encode()[:1]) == []
    assert splitter.feed("é".encode()[1:] + b"\n") == ["é"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert LineSplitter().feed(b"\xff\n") == ["\ufffd"]


@given(st.lists(st.text(max_size=3_000), max_size=30))
def test_the_tail_is_the_last_4_kb(texts: list[str]) -> None:
    tail = Tail()
    for text in texts:
        tail.append(text)
    whole = b"".join(text.encode("utf-8", "replace") + b"\n" for text in texts)
    assert tail.last() == whole[-4096:]
    assert len(tail._bytes) <= 4 * 4096
