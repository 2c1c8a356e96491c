"""CloudWatch Logs as its clients use it: boto3 and the AWS CLI, unmodified, and functions' own logs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.node import REGION, Node, environment, wait_until

AWS = str(Path(sys.executable).parent / "aws")
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def logs_client(node: Node, **settings: Any) -> Any:
    return boto3.client(
        "logs",
        endpoint_url=node.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, **settings),
    )


@pytest.fixture(scope="module")
def logs(node: Node) -> Any:
    return logs_client(node)


@pytest.fixture
def group(logs: Any) -> Iterator[str]:
    name = f"/test/{uuid4().hex}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    yield name
    logs.delete_log_group(logGroupName=name)


def put(logs: Any, group: str, *messages: str, stream: str = "one") -> dict[str, Any]:
    now = int(time.time() * 1_000)
    events = [{"timestamp": now, "message": message} for message in messages]
    answer: dict[str, Any] = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    return answer


def aws(node: Node, home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [AWS, "logs", *arguments],
        env=environment(
            AWS_ENDPOINT_URL=node.endpoint, AWS_DEFAULT_REGION=REGION, HOME=str(home), AWS_PAGER="", **KEYS
        ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_functions_log_is_there_for_the_cli_and_boto3(
    node: Node, client: Any, logs: Any, deploy: Deploy, tmp_path: Path
) -> None:
    name = deploy("def handler(event, context):\n    print('seen', event['n'])\n    return 1\n")
    client.invoke(FunctionName=name, Payload=b'{"n": 42}')
    group = f"/aws/lambda/{name}"

    def told() -> str:
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            return "".join(event["message"] for page in pages for event in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            return ""

    wait_until(lambda: "REPORT RequestId" in told(), 5, "the log of the invocation")
    assert told().index("START") < told().index("seen 42") < told().index("END")
    found = aws(node, tmp_path, "filter-log-events", "--log-group-name", group, "--filter-pattern", "seen")
    assert found.count('"message"') == 1
    (stream,) = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)[
        "logStreams"
    ]
    assert "[$LATEST]" in stream["logStreamName"]


def test_following_as_aws_logs_tail_does_shows_each_event_once(logs: Any, group: str) -> None:
    """What version 2 of the AWS CLI (PyPI lacks it) sends for `aws logs tail --follow`: the group as an
    identifier, interleaved, from the last event's time on, told apart by their ids."""
    seen: dict[str, str] = {}
    start = 0
    for written in (["before"], ["between", "two"], [], ["after"]):
        if written:
            put(logs, group, *written)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupIdentifier=group, interleaved=True, startTime=start, PaginationConfig={"PageSize": 1}
        )
        for event in (event for page in pages for event in page["events"]):
            assert seen.setdefault(event["eventId"], event["message"]) == event["message"]
            start = max(start, event["timestamp"])
    assert list(seen.values()) == ["before", "between", "two", "after"]


def test_events_are_read_forward_and_backward_and_tokens_repeat_at_the_end(logs: Any, group: str) -> None:
    put(logs, group, *"abcdef")
    where = {"logGroupName": group, "logStreamName": "one"}
    first = logs.get_log_events(**where, startFromHead=True, limit=4)
    second = logs.get_log_events(**where, nextToken=first["nextForwardToken"])
    end = logs.get_log_events(**where, nextToken=second["nextForwardToken"])
    back = logs.get_log_events(**where, nextToken=end["nextBackwardToken"], limit=2)
    latest = logs.get_log_events(**where, limit=1)
    assert ["".join(event["message"] for event in page["events"]) for page in (first, second, back)] == [
        "abcd",
        "ef",
        "ef",
    ]
    assert end["events"] == []
    assert end["nextForwardToken"] == second["nextForwardToken"]
    assert [event["message"] for event in latest["events"]] == ["f"]


def test_a_live_tail_shows_what_comes_in(logs: Any, group: str) -> None:
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["logGroupArn"]
    answer = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="?wanted")
    stream = iter(answer["responseStream"])
    assert next(stream)["sessionStart"]["logGroupIdentifiers"] == [arn]
    put(logs, group, "wanted 1", "other", "wanted 2")
    for event in stream:
        if event["sessionUpdate"]["sessionResults"]:
            break
    messages = [each["message"] for each in event["sessionUpdate"]["sessionResults"]]
    assert messages == ["wanted 1", "wanted 2"]
    answer["responseStream"].close()


@pytest.mark.parametrize(
    ("operation", "members", "code", "text"),
    [
        (
            "put_retention_policy",
            {"retentionInDays": 2},
            "InvalidParameterException",
            "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: "
            "Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, "
            "731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]",
        ),
        ("create_log_group", {}, "ResourceAlreadyExistsException", "The specified log group already exists"),
        (
            "get_log_events",
            {"logStreamName": "none"},
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ),
        (
            "get_log_events",
            {"logStreamName": "one", "nextToken": "n/0"},
            "InvalidParameterException",
            "The specified nextToken is invalid.",
        ),
        (
            "filter_log_events",
            {"filterPattern": "{ $.a = 1"},
            "InvalidParameterException",
            "Invalid filter pattern: If a filter pattern starts with '{' it must end with '}'",
        ),
        (
            "describe_log_streams",
            {"orderBy": "LastEventTime", "logStreamNamePrefix": "o"},
            "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ),
        (
            "put_log_events",
            {
                "logStreamName": "one",
                "logEvents": [{"timestamp": 2, "message": "b"}, {"timestamp": 1, "message": "a"}],
            },
            "InvalidParameterException",
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
    ],
)
def test_refusals_are_awss(
    logs: Any, group: str, operation: str, members: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(logs, operation)(logGroupName=group, **members)
    assert refusal.value.response["Error"] == {"Code": code, "Message": text}


def test_what_is_missing_says_so(logs: Any) -> None:
    with pytest.raises(ClientError, match="Ingle does not have CloudWatch Logs' DescribeDeliveries yet"):
        logs.describe_deliveries()


def test_logs_survive_kill_nine(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    node = Node(directory)
    try:
        logs = logs_client(node)
        logs.create_log_group(logGroupName="kept")
        logs.create_log_stream(logGroupName="kept", logStreamName="one")
        put(logs, "kept", "acknowledged")
    finally:
        node.kill()
    node = Node(directory)
    try:
        found = logs_client(node).filter_log_events(logGroupName="kept")["events"]
    finally:
        node.terminate()
    assert [event["message"] for event in found] == ["acknowledged"]
