"""FIFO queues: order within a group, groups that lock, messages that are sent once."""

from __future__ import annotations

import pytest
from tests.unit.services.sqs.conftest import Queues


async def test_messages_of_a_group_come_in_their_order_and_together(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    for body, group in [("g1-m1", "1"), ("g2-m1", "2"), ("g2-m2", "2"), ("g3-m1", "3"), ("g1-m2", "1")]:
        await queues.send(url, body, group)
        queues.clock.advance(0.01)
    assert await queues.bodies(url, 3, VisibilityTimeout=0) == ["g1-m1", "g1-m2", "g2-m1"]
    everything = await queues.bodies(url, VisibilityTimeout=0)
    assert everything == ["g3-m1", "g1-m1", "g1-m2", "g2-m1", "g2-m2"]


async def test_a_group_is_locked_while_one_of_its_messages_is_in_flight(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    for body in ("m1", "m2", "m3"):
        await queues.send(url, body, "g")
    (first,) = await queues.receive(url, 1)
    assert await queues.bodies(url) == []
    await queues.send(url, "m4", "g")
    assert await queues.bodies(url) == []
    await queues.delete(url, first)
    assert await queues.bodies(url) == ["m2", "m3", "m4"]


async def test_a_locked_group_counts_as_visible_but_for_what_is_in_flight(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    for body in ("m1", "m2", "m3"):
        await queues.send(url, body, "g")
    await queues.receive(url, 1)
    assert await queues.counts(url) == (2, 1, 0)


@pytest.mark.parametrize(("extended", "expected"), [(0, []), (1, ["foo"]), (2, ["foo", "bar"])])
async def test_what_stays_hidden_hides_what_comes_after_it(
    queues: Queues, extended: int, expected: list[str]
) -> None:
    url = await queues.create("q.fifo", VisibilityTimeout="1")
    for body in ("foo", "bar", "baz"):
        await queues.send(url, body, "1")
    messages = await queues.receive(url)
    handle = messages[extended]["ReceiptHandle"]
    await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=4)
    queues.clock.advance(2.5)
    assert await queues.bodies(url) == expected


async def test_a_message_given_back_comes_before_those_still_in_flight(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    for body, group in [("g1-m1", "1"), ("g1-m2", "1"), ("g2-m1", "2")]:
        await queues.send(url, body, group)
    first, _ = await queues.receive(url, 2)
    queues.clock.advance(1)
    handle = first["ReceiptHandle"]
    await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert await queues.bodies(url, 3) == ["g2-m1", "g1-m1"]


async def test_a_handle_expires_with_its_visibility_timeout(queues: Queues) -> None:
    url = await queues.create("q.fifo", VisibilityTimeout="1")
    await queues.send(url, "m", "g")
    (message,) = await queues.receive(url)
    queues.clock.advance(1)
    handle = message["ReceiptHandle"]
    error = await queues.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    )
    assert await queues.bodies(url) == ["m"]


async def test_what_was_sent_is_not_sent_again_for_five_minutes(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    first = await queues.send(url, "one", "g", MessageDeduplicationId="same")
    queues.clock.advance(299)
    again = await queues.send(url, "two", "g", MessageDeduplicationId="same")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    (message,) = await queues.receive(url)
    await queues.delete(url, message)
    assert (await queues.send(url, "x", "h", MessageDeduplicationId="same"))["MessageId"] == first[
        "MessageId"
    ]
    queues.clock.advance(1)
    await queues.send(url, "three", "g", MessageDeduplicationId="same")
    assert await queues.bodies(url) == ["three"]


async def test_duplicates_within_a_batch_are_found(queues: Queues) -> None:
    url = await queues.create("q.fifo", ContentBasedDeduplication="true")
    entries = [{"Id": str(n), "MessageBody": "same", "MessageGroupId": "g"} for n in range(3)]
    answer = await queues.call("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert len({entry["MessageId"] for entry in answer["Successful"]}) == 1
    assert await queues.counts(url) == (1, 0, 0)


async def test_the_scope_of_deduplication_is_the_group_where_the_queue_was_made_so(queues: Queues) -> None:
    url = await queues.create("q.fifo", DeduplicationScope="messageGroup")
    for group in ("1", "2", "1"):
        await queues.send(url, f"for {group}", group, MessageDeduplicationId="same")
    assert sorted(await queues.bodies(url)) == ["for 1", "for 2"]


async def test_the_scope_of_deduplication_stays_as_the_queue_was_made(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    high = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes=high)
    assert await queues.attribute(url, "FifoThroughputLimit") == "perMessageGroupId"
    for group in ("1", "2"):
        await queues.send(url, f"for {group}", group, MessageDeduplicationId="same")
    assert await queues.bodies(url) == ["for 1"]


async def test_a_purge_forgets_what_was_sent(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    await queues.send(url, "message-1", "g", MessageDeduplicationId="same")
    await queues.call("PurgeQueue", QueueUrl=url)
    await queues.send(url, "message-2", "g", MessageDeduplicationId="same")
    assert await queues.bodies(url) == ["message-2"]


async def test_sequence_numbers_grow_and_are_never_used_again(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    numbers = []
    for number in range(5):
        numbers.append(int((await queues.send(url, str(number), "g"))["SequenceNumber"]))
        (message,) = await queues.receive(url, AttributeNames=["All"])
        assert message["Attributes"]["SequenceNumber"] == str(numbers[-1])
        await queues.delete(url, message)
    assert numbers == sorted(set(numbers))
    assert all(len(str(number)) == 20 for number in numbers)


async def test_only_the_queue_delays_and_its_new_delay_is_for_all(queues: Queues) -> None:
    url = await queues.create("q.fifo", DelaySeconds="2")
    error = await queues.refused(
        "SendMessage",
        QueueUrl=url,
        MessageBody="m",
        MessageGroupId="g",
        MessageDeduplicationId="1",
        DelaySeconds=2,
    )
    assert error.message == (
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
        "valid for this queue type."
    )
    await queues.send(url, "m", "g", DelaySeconds=0)
    assert await queues.bodies(url) == []
    assert await queues.counts(url) == (0, 0, 1)
    queues.clock.advance(2)
    assert await queues.bodies(url, VisibilityTimeout=0) == ["m"]
    await queues.send(url, "later", "h")
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "0"})
    assert sorted(await queues.bodies(url)) == ["later", "m"]


async def test_a_message_needs_a_group_and_an_id(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    error = await queues.refused("SendMessage", QueueUrl=url, MessageBody="m", MessageDeduplicationId="1")
    assert error.code == "MissingRequiredParameterException"
    assert error.message == "The request must contain the parameter MessageGroupId."
    error = await queues.refused("SendMessage", QueueUrl=url, MessageBody="m", MessageGroupId="g")
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
        "explicitly"
    )
    entry = {"Id": "1", "MessageBody": "m", "MessageDeduplicationId": "1"}
    error = await queues.refused("SendMessageBatch", QueueUrl=url, Entries=[entry])
    assert error.code == "InvalidParameterValueException"
    assert error.message == "The request must contain the parameter MessageGroupId."


async def test_too_many_in_flight_get_nothing_and_no_error(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingle.services.sqs.receiving.IN_FLIGHT", 2)
    url = await queues.create("q.fifo")
    for number in range(4):
        await queues.send(url, str(number), f"g{number}")
    assert await queues.bodies(url) == ["0", "1"]
    assert await queues.bodies(url) == []
