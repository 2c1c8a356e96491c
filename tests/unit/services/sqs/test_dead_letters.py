"""Dead-letter queues, and the tasks that move messages out of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.looptime import advance, by_hand, settle
from tests.unit.services.sqs.conftest import Queues

ARN = "arn:aws:sqs:us-east-1:000000000000:"


@pytest.mark.parametrize("name", ["q", "q.fifo"])
async def test_a_message_received_too_often_goes_to_the_dead_letter_queue(queues: Queues, name: str) -> None:
    url, letters = await queues.with_dead_letters(name, most=2)
    group = "g" if name == "q.fifo" else None
    first = await queues.send(url, "dead", group)
    for _ in range(2):
        assert await queues.bodies(url, 1, VisibilityTimeout=0) == ["dead"]
    await queues.send(url, "alive", group)
    assert await queues.bodies(url) == ["alive"]
    (message,) = await queues.receive(letters, AttributeNames=["All"])
    assert message["MessageId"] == first["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == f"{ARN}{name}"
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"
    assert message["Attributes"]["ApproximateFirstReceiveTimestamp"] == "1767225600000"
    assert await queues.counts(url) == (0, 1, 0)
    assert await queues.counts(letters) == (0, 1, 0)


async def test_a_group_goes_on_without_its_dead_letter(queues: Queues) -> None:
    url, letters = await queues.with_dead_letters("q.fifo", most=1)
    for body in ("m1", "m2", "m3"):
        await queues.send(url, body, "g")
    await queues.receive(url, 1, VisibilityTimeout=0)
    assert await queues.bodies(url) == ["m2", "m3"]
    assert await queues.bodies(letters) == ["m1"]


async def test_without_its_dead_letter_queue_a_queue_delivers_on(queues: Queues) -> None:
    url, letters = await queues.with_dead_letters(most=1)
    await queues.send(url)
    await queues.call("DeleteQueue", QueueUrl=letters)
    for _ in range(3):
        assert await queues.bodies(url, VisibilityTimeout=0) == ["body"]


async def test_a_purged_dead_letter_queue_gets_letters_again(queues: Queues) -> None:
    url, letters = await queues.with_dead_letters(most=1)
    await queues.send(url)
    await queues.receive(url, VisibilityTimeout=0)
    await queues.call("PurgeQueue", QueueUrl=letters)
    assert await queues.bodies(url) == []
    assert await queues.bodies(letters) == ["body"]


async def test_a_queue_may_be_its_own_dead_letter_queue(queues: Queues) -> None:
    url = await queues.create()
    policy = json.dumps({"deadLetterTargetArn": f"{ARN}q", "maxReceiveCount": 1})
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": policy})
    await queues.send(url)
    for _ in range(3):
        assert len(await queues.bodies(url, VisibilityTimeout=0)) <= 1


async def test_sources_are_listed_in_pages(queues: Queues) -> None:
    _, letters = await queues.with_dead_letters("a")
    for name in "bcde":
        await queues.create(name, RedrivePolicy=json.dumps(_policy(f"{ARN}letters", "3")))
    answer = await queues.call("ListDeadLetterSourceQueues", QueueUrl=letters, MaxResults=3)
    first, token = answer["queueUrls"], answer["NextToken"]
    rest = await queues.call("ListDeadLetterSourceQueues", QueueUrl=letters, MaxResults=3, NextToken=token)
    assert [url.rpartition("/")[2] for url in first + rest["queueUrls"]] == list("abcde")
    assert "NextToken" not in rest
    await queues.call("DeleteQueue", QueueUrl=first[0])
    everything = await queues.call("ListDeadLetterSourceQueues", QueueUrl=letters)
    assert len(everything["queueUrls"]) == 4


def _policy(target: Any, most: Any) -> dict[str, Any]:
    return {"deadLetterTargetArn": target, "maxReceiveCount": most}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({}, "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        (
            {"maxReceiveCount": 1},
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            _policy(f"{ARN}letters", 0),
            "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
        ),
        (
            _policy(f"{ARN}letters", "many"),
            "Invalid value for maxReceiveCount: many, valid values are from 1 to 1000 both inclusive.",
        ),
        (_policy(f"{ARN}nothing", 1), "Dead letter target does not exist."),
        (
            _policy("arn:aws:sqs:us-east-1:111111111111:letters", 1),
            "Dead-letter target owner should be same as the source.",
        ),
        (
            _policy("arn:aws:sns:us-east-1:000000000000:letters", 1),
            "Only SQS queues are valid resources for deadLetterTargetArn.",
        ),
        (_policy(f"{ARN}f.fifo", 1), "Dead-letter queue must be same type of queue as the source.."),
    ],
)
async def test_a_redrive_policy_that_cannot_be_is_refused(
    queues: Queues, policy: dict[str, Any], reason: str
) -> None:
    url = await queues.create()
    await queues.create("letters")
    await queues.create("f.fifo")
    text = json.dumps(policy)
    error = await queues.refused("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": text})
    assert error.code == "InvalidParameterValueException"
    assert error.message == f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
    assert await queues.attribute(url, "RedrivePolicy") is None


async def test_a_redrive_policy_is_kept_in_one_form_and_removed_by_an_empty_one(queues: Queues) -> None:
    url = await queues.create()
    await queues.create("letters")
    text = json.dumps({**_policy(f"{ARN}letters", "5"), "other": 1})
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": text})
    assert await queues.attribute(url, "RedrivePolicy") == (
        f'{{"deadLetterTargetArn":"{ARN}letters","maxReceiveCount":5}}'
    )
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert await queues.attribute(url, "RedrivePolicy") is None


@pytest.mark.parametrize(
    ("allow", "permitted"),
    [
        ({"redrivePermission": "allowAll"}, True),
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": [f"{ARN}q"]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": [f"{ARN}other"]}, False),
    ],
)
async def test_a_dead_letter_queue_says_whose_it_is(
    queues: Queues, allow: dict[str, Any], permitted: bool
) -> None:
    url = await queues.create()
    await queues.create("letters", RedriveAllowPolicy=json.dumps(allow))
    members: dict[str, Any] = {
        "QueueUrl": url,
        "Attributes": {"RedrivePolicy": json.dumps(_policy(f"{ARN}letters", 1))},
    }
    if permitted:
        await queues.call("SetQueueAttributes", **members)
    else:
        assert "RedrivePolicy is invalid" in (await queues.refused("SetQueueAttributes", **members)).message


@pytest.mark.parametrize(
    "allow",
    [
        {},
        {"redrivePermission": "some"},
        {"redrivePermission": "byQueue"},
        {"redrivePermission": "byQueue", "sourceQueueArns": [f"{ARN}{n}" for n in range(11)]},
        {"redrivePermission": "allowAll", "sourceQueueArns": [f"{ARN}q"]},
    ],
)
async def test_an_allow_policy_that_cannot_be_is_refused(queues: Queues, allow: dict[str, Any]) -> None:
    attributes = {"RedriveAllowPolicy": json.dumps(allow)}
    error = await queues.refused("CreateQueue", QueueName="q", Attributes=attributes)
    assert error.code == "InvalidParameterValueException"
    assert error.message.startswith(f"Value {json.dumps(allow)} for parameter RedriveAllowPolicy is invalid.")


async def _dead(queues: Queues, count: int, name: str = "q") -> tuple[str, str]:
    url, letters = await queues.with_dead_letters(name)
    for number in range(count):
        await queues.send(url, str(number), "g" if name == "q.fifo" else None)
    for _ in range(count):
        await queues.receive(url, 1, VisibilityTimeout=0)
    while await queues.bodies(url):
        pass
    assert (await queues.counts(letters))[0] == count
    return url, letters


async def _tasks(queues: Queues) -> Any:
    answer = await queues.call("ListMessageMoveTasks", SourceArn=f"{ARN}letters", MaxResults=10)
    return answer.get("Results", [])


@by_hand
async def test_messages_go_back_to_where_they_came_from_as_new_ones() -> None:
    queues = Queues()
    url, letters = await _dead(queues, 3)
    answer = await queues.call("StartMessageMoveTask", SourceArn=f"{ARN}letters")
    assert answer["TaskHandle"]
    await advance(1)
    (task,) = await _tasks(queues)
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": f"{ARN}letters",
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 3,
        "StartedTimestamp": 1767225600000,
    }
    messages = await queues.receive(url, AttributeNames=["All"])
    assert sorted(message["Body"] for message in messages) == ["0", "1", "2"]
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in messages} == {"1"}
    assert await queues.counts(letters) == (0, 0, 0)


@by_hand
async def test_a_task_moves_at_its_rate_and_is_cancelled() -> None:
    queues = Queues()
    await _dead(queues, 10)
    other = await queues.create("other")
    members: dict[str, Any] = {"SourceArn": f"{ARN}letters", "DestinationArn": f"{ARN}other"}
    answer = await queues.call("StartMessageMoveTask", **members, MaxNumberOfMessagesPerSecond=1)
    await advance(3.5)
    (task,) = await _tasks(queues)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("RUNNING", 4)
    assert task["TaskHandle"] == answer["TaskHandle"]
    assert (await queues.counts(other))[0] == 4
    error = await queues.refused("StartMessageMoveTask", **members)
    assert error.message == (
        "There is already a task running. Only one active task is allowed for a source queue arn at a given "
        "time."
    )
    cancelled = await queues.call("CancelMessageMoveTask", TaskHandle=answer["TaskHandle"])
    assert cancelled == {"ApproximateNumberOfMessagesMoved": 4}
    await advance(5)
    (task,) = await _tasks(queues)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("CANCELLED", 4)
    assert "TaskHandle" not in task


@by_hand
async def test_a_task_goes_on_after_a_restart() -> None:
    queues = Queues()
    await _dead(queues, 5)
    await queues.create("other")
    members: dict[str, Any] = {"SourceArn": f"{ARN}letters", "DestinationArn": f"{ARN}other"}
    await queues.call("StartMessageMoveTask", **members, MaxNumberOfMessagesPerSecond=1)
    await advance(1.5)
    await queues.sqs.close()
    again = Queues(queues.database, queues.clock)
    await again.sqs.start()
    await advance(10)
    (task,) = await _tasks(again)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 5)
    await again.sqs.close()


@by_hand
async def test_a_task_fails_where_its_destination_goes() -> None:
    queues = Queues()
    await _dead(queues, 10)
    other = await queues.create("other")
    members: dict[str, Any] = {"SourceArn": f"{ARN}letters", "DestinationArn": f"{ARN}other"}
    await queues.call("StartMessageMoveTask", **members, MaxNumberOfMessagesPerSecond=1)
    await advance(2.5)
    await queues.call("DeleteQueue", QueueUrl=other)
    await advance(5)
    (task,) = await _tasks(queues)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "AWS.SimpleQueueService.NonExistentQueue")
    assert task["ApproximateNumberOfMessagesMoved"] == 3


@by_hand
async def test_a_message_that_came_from_nowhere_fails_the_task_and_stays() -> None:
    queues = Queues()
    _, letters = await _dead(queues, 1)
    await queues.send(letters, "sent here")
    await queues.call("StartMessageMoveTask", SourceArn=f"{ARN}letters")
    await advance(1)
    (task,) = await _tasks(queues)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert await queues.bodies(letters) == ["sent here"]


@by_hand
async def test_moved_messages_of_a_group_keep_their_order_and_wake_who_waits() -> None:
    queues = Queues()
    url, _ = await _dead(queues, 3, "q.fifo")
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    await queues.call("StartMessageMoveTask", SourceArn=f"{ARN}letters.fifo")
    await advance(1)
    assert waiting.result() == ["0", "1", "2"]


async def test_tasks_that_cannot_be_are_refused(queues: Queues) -> None:
    await queues.with_dead_letters()
    start = "StartMessageMoveTask"
    error = await queues.refused(start, SourceArn=f"{ARN}q")
    assert error.message == "Source queue must be configured as a Dead Letter Queue."
    error = await queues.refused(start, SourceArn=f"{ARN}nothing")
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    assert error.message == "The resource that you specified for the SourceArn parameter doesn't exist."
    error = await queues.refused(start, SourceArn=f"{ARN}letters", DestinationArn=f"{ARN}nothing")
    assert error.message == "The resource that you specified for the DestinationArn parameter doesn't exist."
    error = await queues.refused(start, SourceArn="letters")
    assert error.message.startswith("You must use this format to specify the SourceArn: arn:<partition>:")
    error = await queues.refused(start, SourceArn=f"{ARN}letters", MaxNumberOfMessagesPerSecond=501)
    assert error.code == "InvalidParameterValueException"


async def test_handles_of_tasks_that_do_not_exist_are_refused(queues: Queues) -> None:
    await queues.with_dead_letters()
    cancel = "CancelMessageMoveTask"
    error = await queues.refused(cancel, TaskHandle="foobar")
    assert error.message == "Value for parameter TaskHandle is invalid."
    error = await queues.refused(cancel, TaskHandle=_handle("0", f"{ARN}nothing"))
    assert error.message == "The resource that you specified for the SourceArn parameter doesn't exist."
    error = await queues.refused(cancel, TaskHandle=_handle("0", f"{ARN}letters"))
    assert (error.code, error.message) == ("ResourceNotFoundException", "Task does not exist.")


def _handle(id: str, arn: str) -> str:
    import base64

    return base64.b64encode(json.dumps({"taskId": id, "sourceArn": arn}).encode()).decode()
