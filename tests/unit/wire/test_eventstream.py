from __future__ import annotations

import json

from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.wire import Service, encode_exception
from ingle.wire.eventstream import encode_frame

STREAM = Service.load("lambda").operations["InvokeWithResponseStream"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.dictionaries(st.text(min_size=1, max_size=20), st.text(), max_size=4), st.binary()))
)
def test_botocore_reads_the_frames_that_are_written(frames: list[tuple[dict[str, str], bytes]]) -> None:
    buffer = EventStreamBuffer()
    for headers, payload in frames:
        buffer.add_data(encode_frame(headers, payload))
    assert [(event.headers, event.payload) for event in buffer] == frames


def test_a_chunk_and_the_end_of_a_streamed_answer() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(STREAM.encode_event("PayloadChunk", {"Payload": b"\x00abc"}))
    buffer.add_data(STREAM.encode_event("InvokeComplete", {"ErrorCode": "Unhandled", "LogResult": None}))
    chunk, end = list(buffer)
    assert chunk.payload == b"\x00abc"
    assert chunk.headers == {
        ":event-type": "PayloadChunk",
        ":content-type": "application/octet-stream",
        ":message-type": "event",
    }
    assert end.headers[":event-type"] == "InvokeComplete"
    assert json.loads(end.payload) == {"ErrorCode": "Unhandled"}


def test_an_exception_in_the_midst_of_a_stream() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(encode_exception("ServiceException", "ours"))
    (event,) = list(buffer)
    assert event.to_response_dict()["status_code"] == 400
    assert event.headers[":exception-type"] == "ServiceException"


def test_the_head_of_a_streamed_answer() -> None:
    response = STREAM.serialize({"StatusCode": 200, "ExecutedVersion": "$LATEST"}, "id")
    assert response.headers["Content-Type"] == "application/vnd.amazon.eventstream"
    assert response.headers["X-Amz-Executed-Version"] == "$LATEST"
    assert response.body == b""
