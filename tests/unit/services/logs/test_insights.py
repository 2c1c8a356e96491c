"""Queries: what they find, how they show it, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.services.logs.conftest import LogsUnderTest

from ingle.services.logs.errors import MalformedQuery
from ingle.services.logs.insights.commands import compile_query

REPORT = (
    "REPORT RequestId: 6bc28136-xmpl-4365-b021-0ce6b2e64ab0\tDuration: {0:.2f} ms\tBilled Duration: {1} ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 50 MB\t"
)


async def rows(logs: LogsUnderTest, query: str, **members: Any) -> list[dict[str, str]]:
    """What a query has found, without pointers."""
    start, end = logs.now // 1_000 - 3_600, logs.now // 1_000 + 3_600
    members = {"startTime": start, "endTime": end, **members}
    started = await logs.call("StartQuery", logGroupName="g", queryString=query, **members)
    answer: dict[str, Any] = {"status": "Running"}
    async with asyncio.timeout(5):
        while answer["status"] == "Running":
            await asyncio.sleep(0)
            answer = await logs.call("GetQueryResults", queryId=started["queryId"])
    assert answer["status"] == "Complete"
    return [
        {each["field"]: each["value"] for each in row if each["field"] != "@ptr"} for row in answer["results"]
    ]


async def test_without_commands_the_newest_events_come_first(logs: LogsUnderTest) -> None:
    await logs.put("older", at=logs.now - 1)
    await logs.put("newer")
    assert await rows(logs, "", limit=1) == [{"@timestamp": "2026-01-01 00:00:00.000", "@message": "newer"}]
    assert [row["@message"] for row in await rows(logs, "fields @message")] == ["newer", "older"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("@message like /err/", ["err 1", "err 2"]),
        ("@message like 'err'", ["err 1", "err 2"]),
        ("@message not like /err/", ['{"level":"warn","n":{"x":[7]}}']),
        ("@message =~ /[2]$/", ["err 2"]),
        ("level = 'warn' and n.x.0 > 6.5", ['{"level":"warn","n":{"x":[7]}}']),
        ("level in ['info', 'warn']", ['{"level":"warn","n":{"x":[7]}}']),
        ("ispresent(level) and not (n.x.0 + 1 = 9)", ['{"level":"warn","n":{"x":[7]}}']),
        ("strcontains(toupper(@message), 'ERR') and strlen(@message) = 5", ["err 1", "err 2"]),
        ("`level` = 'none' or @logStream = 'other'", []),
    ],
)
async def test_filters(logs: LogsUnderTest, condition: str, found: list[str]) -> None:
    await logs.put("err 1", "err 2", '{"level":"warn","n":{"x":[7]}}')
    shown = await rows(logs, f"fields @message | filter {condition} | sort @message asc")
    assert [row["@message"] for row in shown] == found


async def test_lambdas_own_lines_have_fields(logs: LogsUnderTest) -> None:
    await logs.put(*(REPORT.format(duration, duration + 1) for duration in (10, 20, 60)), "other")
    shown = await rows(
        logs,
        "filter @type = 'REPORT' | stats count(*) as n, avg(@duration), max(@billedDuration) as most, "
        "min(@duration) as least, sum(@duration) as total, pct(@duration, 50) as p50",
    )
    assert shown == [
        {"n": "3", "avg(@duration)": "30", "most": "61", "least": "10", "total": "90", "p50": "20"}
    ]


async def test_groups_by_time_and_field_sorted_and_cut(logs: LogsUnderTest) -> None:
    await logs.put('{"k":"a"}', '{"k":"b"}', '{"k":"a"}', at=logs.now - 600_000)
    await logs.put('{"k":"a"}')
    shown = await rows(logs, "stats count() as n by bin(5m) as t, k | sort n desc, k asc | limit 2")
    assert shown == [
        {"t": "2025-12-31 23:50:00.000", "k": "a", "n": "2"},
        {"t": "2026-01-01 00:00:00.000", "k": "a", "n": "1"},
    ]


async def test_parse_takes_fields_out(logs: LogsUnderTest) -> None:
    await logs.put("user=ada, id=7", "nothing")
    glob = await rows(logs, "parse @message 'user=*, id=*' as user, id | filter id = 7 | display user, id")
    named = await rows(logs, "parse @message /user=(?<who>\\w+)/ | filter ispresent(who) | display who")
    assert glob == [{"user": "ada", "id": "7"}]
    assert named == [{"who": "ada"}]


async def test_texts_are_sorted_downwards_too(logs: LogsUnderTest) -> None:
    await logs.put("a", "ab", "b")
    shown = await rows(logs, "fields @message | sort @message desc")
    assert [row["@message"] for row in shown] == ["b", "ab", "a"]


async def test_queries_are_told_apart_and_stopped_once(logs: LogsUnderTest) -> None:
    await rows(logs, "fields @message")
    (query,) = (await logs.call("DescribeQueries", status="Complete"))["queries"]
    assert query["queryString"] == "fields @message"
    error = await logs.refused("StopQuery", queryId=query["queryId"])
    assert error.code == "InvalidParameterException"
    assert (await logs.refused("GetQueryResults", queryId="none")).code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "query",
    [
        "nonsense",
        "fields",
        "filter @message like",
        "stats foo(x)",
        "limit x",
        "sort",
        "fields a b",
        "parse 1",
    ],
)
async def test_what_is_no_query_is_refused_with_its_place(logs: LogsUnderTest, query: str) -> None:
    error = await logs.refused("StartQuery", logGroupName="g", queryString=query, startTime=0, endTime=1)
    assert error.code == "MalformedQueryException"
    location = error.fields["queryCompileError"]["location"]  # type: ignore[index]
    assert 0 <= location["startCharOffset"] <= len(query)


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|a)*b", "((a*)b?){9}", r"(\w+\s?)*!"])
def test_a_regex_that_may_never_end_is_refused(regex: str) -> None:
    with pytest.raises(MalformedQuery):
        compile_query(f"filter @message like /{regex}/")


@pytest.mark.parametrize("regex", ["(ab)+", "(?<n>a+)b", r"\(a+\)+", "[(a+)]+", "(a|b)c"])
def test_other_groups_are_taken(regex: str) -> None:
    assert compile_query(f"filter @message like /{regex}/").steps


@given(st.text(alphabet="fieldsltr @|,()=<>+-*/'\"[]1.x", max_size=40) | st.text(max_size=30))
def test_a_query_is_compiled_or_refused_and_nothing_else(query: str) -> None:
    try:
        plan = compile_query(query)
    except MalformedQuery:
        return
    assert plan.limit <= 10_000
