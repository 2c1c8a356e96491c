"""Events in and out: limits, pages, tokens, retention, and functions' own logs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.services.logs.conftest import DAY, LogsUnderTest

from ingle.services.logs import reading


async def test_what_comes_in_comes_out_whole_and_in_order(logs: LogsUnderTest) -> None:
    messages = ["a\x00b", "écrit\u2028", "line\nbreak", '{"json": "\\u0000"}', "z"]
    await logs.put(*messages)
    assert await logs.found() == messages


async def test_too_old_too_new_and_expired_events_are_left_out_and_told(logs: LogsUnderTest) -> None:
    await logs.call("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    logs.clock.advance(30 * 86_400)
    hour = 3_600_000
    put: dict[str, Any] = {"logGroupName": "g", "logStreamName": "s"}
    times = [logs.now - DAY - hour, logs.now - DAY - 1, logs.now - DAY + 1]
    answer = await logs.call(
        "PutLogEvents", **put, logEvents=[{"timestamp": at, "message": str(n)} for n, at in enumerate(times)]
    )
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 2}
    times = [logs.now, logs.now + 2 * hour + 1]
    answer = await logs.call(
        "PutLogEvents", **put, logEvents=[{"timestamp": at, "message": "new"} for at in times]
    )
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    answer = await logs.put("ancient", at=logs.now - 15 * DAY)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 1}
    assert await logs.found() == ["2", "new"]


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([(1, "x" * 1_048_576)], "Log event too large: 1048602 bytes exceeds limit of 1048576"),
        ([(1, "x" * 600_000)] * 2, "Upload too large: 1200052 bytes exceeds limit of 1048576"),
        (
            [(2, "b"), (1, "a")],
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
        (
            [(0, "a"), (DAY + 1, "b")],
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ),
    ],
)
async def test_batches_over_the_limits_change_nothing(
    logs: LogsUnderTest, events: list[tuple[int, str]], text: str
) -> None:
    sent = [{"timestamp": at, "message": message} for at, message in events]
    error = await logs.refused("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=sent)
    assert (error.code, error.message) == ("InvalidParameterException", text)
    assert await logs.found() == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(limit=st.integers(1, 7), look=st.integers(1, 5))
async def test_pages_of_any_size_lose_and_repeat_nothing(
    logs: LogsUnderTest, monkeypatch: pytest.MonkeyPatch, limit: int, look: int
) -> None:
    monkeypatch.setattr(reading, "_LOOK", look)
    monkeypatch.setattr(reading, "_LOOKS", 2)
    if not await logs.found():
        for number in range(12):  # three moments, with events of one moment across pages
            await logs.put(f"{number}", at=logs.now + number // 4)
    assert await logs.found(limit=limit) == [str(number) for number in range(12)]
    assert await logs.found("%[13579]$%", limit=limit) == [str(number) for number in range(1, 12, 2)]
    forward, token = [], None
    while True:
        turn: dict[str, Any] = {} if token is None else {"nextToken": token}
        page = await logs.call(
            "GetLogEvents", logGroupName="g", logStreamName="s", startFromHead=True, limit=limit, **turn
        )
        forward += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert forward == [str(number) for number in range(12)]
    backward: list[str] = []
    token = None
    while True:
        turn = {} if token is None else {"nextToken": token}
        page = await logs.call("GetLogEvents", logGroupName="g", logStreamName="s", limit=limit, **turn)
        backward = [event["message"] for event in page["events"]] + backward
        if page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]
    assert backward == forward


async def test_an_answer_is_bounded_by_its_bytes(logs: LogsUnderTest) -> None:
    for number in range(3):
        await logs.put(str(number) * 600_000)
    answer = await logs.call("FilterLogEvents", logGroupName="g")
    assert len(answer["events"]) == 1
    assert [message[0] for message in await logs.found()] == ["0", "1", "2"]


async def test_streams_are_chosen_by_name_or_prefix(logs: LogsUnderTest) -> None:
    for name in ("a1", "a2", "b1"):
        await logs.call("CreateLogStream", logGroupName="g", logStreamName=name)
        await logs.put(name, stream=name)
    assert await logs.found(logStreamNames=["b1"]) == ["b1"]
    assert await logs.found(logStreamNames=["b1", "a1"]) == ["a1", "b1"]
    assert await logs.found(logStreamNamePrefix="a") == ["a1", "a2"]
    assert await logs.found(logStreamNamePrefix="c") == []
    error = await logs.refused("FilterLogEvents", logGroupName="g", logStreamNames=["none"])
    assert error.code == "ResourceNotFoundException"


async def test_times_bound_what_is_found(logs: LogsUnderTest) -> None:
    for second in range(4):
        await logs.put(str(second), at=logs.now + second)
    assert await logs.found(startTime=logs.now + 1, endTime=logs.now + 2) == ["1", "2"]
    page = await logs.call(
        "GetLogEvents",
        logGroupName="g",
        logStreamName="s",
        startTime=logs.now + 1,
        endTime=logs.now + 2,
    )
    assert [event["message"] for event in page["events"]] == ["1"]  # here the end is not meant


async def test_retention_hides_at_once_and_removes_in_time(logs: LogsUnderTest) -> None:
    await logs.put("old")
    logs.clock.advance(2 * 86_400)
    await logs.put("new")
    await logs.call("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    assert await logs.found() == ["new"]
    assert await logs.service._sweeper.expire() == 1
    await logs.call("DeleteRetentionPolicy", logGroupName="g")
    assert await logs.found() == ["new"]
    (group,) = (await logs.call("DescribeLogGroups"))["logGroups"]
    assert group["storedBytes"] == len("new") + 26


async def test_deleting_gives_the_room_back(logs: LogsUnderTest) -> None:
    for _ in range(5):
        await logs.put(*["x" * 10_000] * 100)
    await logs.call("DeleteLogStream", logGroupName="g", logStreamName="s")
    assert await logs.found() == []
    while await logs.service._sweeper.sweep():
        pass
    assert logs.path.stat().st_size < 500_000


async def test_functions_logs_make_their_group_and_stream_again(logs: LogsUnderTest) -> None:
    await logs.gathered("/aws/lambda/f", "one", "first", "half a pair \ud800")
    await logs.call("DeleteLogGroup", logGroupName="/aws/lambda/f")
    await logs.gathered("/aws/lambda/f", "one", "second")
    answer = await logs.call("FilterLogEvents", logGroupName="/aws/lambda/f")
    assert [(event["logStreamName"], event["message"]) for event in answer["events"]] == [("one", "second")]


async def test_a_new_group_has_nothing_of_a_deleted_one(logs: LogsUnderTest) -> None:
    await logs.put("before")
    await logs.call("DeleteLogGroup", logGroupName="g")
    await logs.call("CreateLogGroup", logGroupName="g")
    assert await logs.found() == []


async def test_streams_are_listed_by_name_and_by_last_event_in_pages(logs: LogsUnderTest) -> None:
    for number, name in enumerate(["c", "a", "b"]):
        await logs.call("CreateLogStream", logGroupName="g", logStreamName=name)
        await logs.put(name, stream=name, at=logs.now + number)

    async def listed(**members: Any) -> list[str]:
        names: list[str] = []
        while True:
            answer = await logs.call("DescribeLogStreams", logGroupName="g", limit=1, **members)
            names += [stream["logStreamName"] for stream in answer["logStreams"]]
            if "nextToken" not in answer:
                return names
            members["nextToken"] = answer["nextToken"]

    assert await listed() == ["a", "b", "c", "s"]
    assert await listed(descending=True) == ["s", "c", "b", "a"]
    assert await listed(orderBy="LastEventTime", descending=True) == ["b", "a", "c", "s"]
    assert await listed(orderBy="LastEventTime") == ["s", "c", "a", "b"]
    assert await listed(logStreamNamePrefix="a") == ["a"]


async def test_filters_are_kept_listed_and_bounded(logs: LogsUnderTest) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    for name in ("one", "two", "one"):
        await logs.call(
            "PutSubscriptionFilter", logGroupName="g", filterName=name, filterPattern="x", destinationArn=arn
        )
    error = await logs.refused(
        "PutSubscriptionFilter", logGroupName="g", filterName="three", filterPattern="", destinationArn=arn
    )
    assert (error.code, error.message) == ("LimitExceededException", "Resource limit exceeded.")
    shown = (await logs.call("DescribeSubscriptionFilters", logGroupName="g"))["subscriptionFilters"]
    assert [each["filterName"] for each in shown] == ["one", "two"]
    change = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    await logs.call(
        "PutMetricFilter",
        logGroupName="g",
        filterName="f",
        filterPattern="",
        metricTransformations=[change],
    )
    found = await logs.call("DescribeMetricFilters", metricName="m", metricNamespace="n")
    assert found["metricFilters"][0]["logGroupName"] == "g"
    await logs.call("DeleteMetricFilter", logGroupName="g", filterName="f")
    assert (await logs.call("DescribeMetricFilters"))["metricFilters"] == []
