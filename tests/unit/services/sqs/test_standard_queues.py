"""Standard queues: what goes in comes out, is hidden for a while, comes again, and goes when deleted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.services.sqs.conftest import CONTEXT, Queues

from ingle.services.sqs.context import Context


async def test_a_message_is_received_once_until_its_visibility_timeout_ends(queues: Queues) -> None:
    url = await queues.create(VisibilityTimeout="5")
    await queues.send(url)
    assert await queues.bodies(url) == ["body"]
    queues.clock.advance(4.999)
    assert await queues.bodies(url) == []
    queues.clock.advance(0.001)
    assert await queues.bodies(url) == ["body"]


async def test_a_deleted_message_does_not_come_back(queues: Queues) -> None:
    url = await queues.create(VisibilityTimeout="5")
    await queues.send(url)
    (message,) = await queues.receive(url)
    await queues.delete(url, message)
    queues.clock.advance(10)
    assert await queues.bodies(url) == []
    assert await queues.counts(url) == (0, 0, 0)


async def test_deleting_again_succeeds(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url)
    for _ in range(3):
        await queues.delete(url, message)
    assert await queues.counts(url) == (0, 0, 0)


async def test_an_old_handle_deletes_a_message_that_is_visible_again(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url, VisibilityTimeout=1)
    queues.clock.advance(2)
    await queues.delete(url, message)
    assert await queues.counts(url) == (0, 0, 0)


async def test_a_handle_from_before_another_receive_deletes_nothing(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url, VisibilityTimeout=0)
    await queues.receive(url)
    await queues.delete(url, message)
    assert await queues.counts(url) == (0, 1, 0)


@pytest.mark.parametrize("operation", ["DeleteMessage", "ChangeMessageVisibility"])
async def test_a_handle_that_is_none_is_refused(queues: Queues, operation: str) -> None:
    url, other = await queues.create(), await queues.create("other")
    await queues.send(other)
    (message,) = await queues.receive(other)
    for handle in ("garbage", "AQEB", "", message["ReceiptHandle"]):
        error = await queues.refused(operation, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        assert (error.code, error.status) == ("ReceiptHandleIsInvalid", 404)
        assert error.message == f'The input receipt handle "{handle}" is not a valid receipt handle.'


async def test_visibility_is_extended_and_ended_by_the_receiver(queues: Queues) -> None:
    url = await queues.create(VisibilityTimeout="5")
    await queues.send(url)
    (message,) = await queues.receive(url)
    handle = message["ReceiptHandle"]
    await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=60)
    queues.clock.advance(59)
    assert await queues.bodies(url) == []
    await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert await queues.bodies(url) == ["body"]


async def test_a_message_may_be_hidden_for_twelve_hours_in_all(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url)
    queues.clock.advance(1)
    members = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    error = await queues.refused("ChangeMessageVisibility", **members, VisibilityTimeout=43_200)
    assert error.message == (
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
        "message is beyond the limit [43200 seconds]"
    )
    await queues.call("ChangeMessageVisibility", **members, VisibilityTimeout=43_199)


async def test_the_visibility_of_a_deleted_message_cannot_be_changed(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url)
    await queues.delete(url, message)
    handle = message["ReceiptHandle"]
    error = await queues.refused(
        "ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1
    )
    assert error.message == (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
        "available for visibility timeout change."
    )


async def test_a_delay_is_the_messages_own_or_the_queues(queues: Queues) -> None:
    url = await queues.create(DelaySeconds="5")
    await queues.send(url, "queue's")
    await queues.send(url, "own", DelaySeconds=2)
    await queues.send(url, "none", DelaySeconds=0)
    assert await queues.counts(url) == (1, 0, 2)
    assert await queues.bodies(url, VisibilityTimeout=100) == ["none"]
    queues.clock.advance(2)
    assert await queues.bodies(url, VisibilityTimeout=100) == ["own"]
    queues.clock.advance(3)
    assert await queues.bodies(url, VisibilityTimeout=100) == ["queue's"]
    assert await queues.counts(url) == (0, 3, 0)


async def test_a_message_is_gone_when_its_retention_ends_wherever_it_is(queues: Queues) -> None:
    url = await queues.create(MessageRetentionPeriod="60", VisibilityTimeout="10")
    await queues.send(url, "hidden")
    assert await queues.bodies(url) == ["hidden"]
    await queues.send(url, "visible")
    queues.clock.advance(30)
    await queues.send(url, "young")
    queues.clock.advance(30)
    assert await queues.bodies(url) == ["young"]
    assert await queues.counts(url) == (0, 1, 0)


async def test_counts_leave_out_what_has_expired(queues: Queues) -> None:
    url = await queues.create(MessageRetentionPeriod="60")
    for _ in range(3):
        await queues.send(url)
    queues.clock.advance(60)
    assert await queues.counts(url) == (0, 0, 0)


async def test_a_purged_queue_is_empty_whatever_was_in_it(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url, "hidden")
    (message,) = await queues.receive(url)
    await queues.send(url, "visible")
    await queues.send(url, "delayed", DelaySeconds=1)
    await queues.call("PurgeQueue", QueueUrl=url)
    await queues.send(url, "new")
    queues.clock.advance(50)
    await queues.delete(url, message)
    assert await queues.bodies(url) == ["new"]
    error = await queues.refused("PurgeQueue", QueueUrl=url)
    assert (error.code, error.status) == ("PurgeQueueInProgress", 403)
    assert error.message == "Only one PurgeQueue operation on q is allowed every 60 seconds."
    queues.clock.advance(10)
    await queues.call("PurgeQueue", QueueUrl=url)
    assert await queues.counts(url) == (0, 0, 0)


async def test_the_sweep_leaves_nothing_of_purged_and_deleted_queues(queues: Queues) -> None:
    for name in ("a", "b.fifo"):
        url = await queues.create(name)
        for number in range(700):
            await queues.send(url, str(number), group="g" if name == "b.fifo" else None)
        await queues.call("DeleteQueue", QueueUrl=url)
    while await queues.sqs._sweeper.sweep():
        pass
    for table in ("message", "message_content", "message_group", "deduplication", "backlog"):
        assert queues.database.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


async def test_attributes_come_back_as_they_were_asked_for(queues: Queues) -> None:
    url = await queues.create()
    attributes = {
        "General": {"DataType": "String", "StringValue": "Kenobi"},
        "Hello": {"DataType": "Number.int", "StringValue": "1"},
        "Help.Me": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = await queues.send(url, MessageAttributes=attributes)

    async def asked(*names: str) -> tuple[Any, Any]:
        (message,) = await queues.receive(url, VisibilityTimeout=0, MessageAttributeNames=list(names))
        return message.get("MessageAttributes"), message.get("MD5OfMessageAttributes")

    for names in (["All"], [".*"], ["x", "All"]):
        assert await asked(*names) == (attributes, sent["MD5OfMessageAttributes"])
    assert await asked() == (None, None)
    assert await asked("Nothing") == (None, None)
    found, md5 = await asked("Hel.*")
    assert sorted(found) == ["Hello", "Help.Me"]
    assert md5 != sent["MD5OfMessageAttributes"]
    assert (await asked("General"))[0] == {"General": attributes["General"]}


def test_md5s_are_those_that_aws_computes() -> None:
    from ingle.services.sqs import digests

    assert digests.of_body("message-body-1") == "19c9e282d65f9733bc6b35d50062c7ee"
    recorded = {"MyAttribute": {"DataType": "String", "StringValue": "foobar"}}
    assert digests.of_attributes(recorded) == "adb59cd4678ea5a855436b949cd07ab6"
    three = {
        "General": {"DataType": "String", "StringValue": "Kenobi"},
        "Hello": {"DataType": "String", "StringValue": "There"},
        "Help.Me": {"DataType": "String", "StringValue": "Me"},
    }
    assert digests.of_attributes(three) == "4c360f3fdafd970e05fae2f149d997f5"


async def test_system_attributes_tell_a_messages_story(queues: Queues) -> None:
    url = await queues.create()
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    await queues.send(url, MessageSystemAttributes=system, MessageGroupId="tenant")
    await queues.receive(url, VisibilityTimeout=0)
    queues.clock.advance(1)
    (message,) = await queues.receive(url, MessageSystemAttributeNames=["All"])
    assert message["Attributes"] == {
        "SenderId": "000000000000",
        "AWSTraceHeader": trace,
        "MessageGroupId": "tenant",
        "SentTimestamp": "1767225600000",
        "ApproximateReceiveCount": "2",
        "ApproximateFirstReceiveTimestamp": "1767225600000",
    }


async def test_the_trace_header_of_a_request_goes_with_its_message(queues: Queues) -> None:
    url = await queues.create()
    traced = Context(CONTEXT.account, CONTEXT.region, CONTEXT.endpoint, "Root=1-1-1")
    await queues.call("SendMessage", traced, QueueUrl=url, MessageBody="m")
    (message,) = await queues.receive(url, AttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-1-1"}


async def test_too_many_in_flight_are_refused_to_who_does_not_wait(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingle.services.sqs.receiving.IN_FLIGHT", 15)
    url = await queues.create()
    for _ in range(20):
        await queues.send(url)
    assert len(await queues.receive(url, VisibilityTimeout=5)) == 10
    assert len(await queues.receive(url, VisibilityTimeout=5)) == 5
    error = await queues.refused("ReceiveMessage", QueueUrl=url)
    assert (error.code, error.status) == ("OverLimit", 403)
    queues.clock.advance(5)
    assert len(await queues.receive(url)) == 10


async def test_what_is_hidden_again_counts_as_in_flight(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingle.services.sqs.receiving.IN_FLIGHT", 4)
    url = await queues.create()
    for _ in range(6):
        await queues.send(url)
    for message in await queues.receive(url, 2, VisibilityTimeout=0):
        handle = message["ReceiptHandle"]
        await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=9)
    assert len(await queues.receive(url, 1)) == 1
    assert len(await queues.receive(url, 3)) == 1
    assert await queues.counts(url) == (2, 4, 0)
