"""Long polling: who waits is woken by what arrives, by what becomes visible again, and by nothing else."""

from __future__ import annotations

import asyncio

from tests.support.looptime import advance, by_hand, settle
from tests.unit.services.sqs.conftest import Queues


@by_hand
async def test_a_receiver_waits_as_long_as_it_said_and_no_longer() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await advance(19.9)
    assert not waiting.done()
    await advance(0.1)
    assert waiting.result() == []
    assert not _rooms(queues)


@by_hand
async def test_the_queue_says_how_long_where_the_receiver_does_not() -> None:
    queues = Queues()
    url = await queues.create(ReceiveMessageWaitTimeSeconds="3")
    waiting = asyncio.ensure_future(queues.bodies(url))
    await advance(2.9)
    assert not waiting.done()
    assert await queues.bodies(url, WaitTimeSeconds=0) == []
    await advance(0.1)
    assert waiting.result() == []


@by_hand
async def test_a_message_wakes_one_of_those_who_wait() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = [asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20)) for _ in range(5)]
    await settle()
    await queues.send(url, "first")
    await settle()
    assert [each.done() for each in waiting] == [True, False, False, False, False]
    await queues.call(
        "SendMessageBatch", QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "m"} for n in range(4)]
    )
    await advance(20)
    assert sum(len(each.result()) for each in waiting) == 5


@by_hand
async def test_a_hidden_message_wakes_a_receiver_when_its_timeout_ends() -> None:
    queues = Queues()
    url = await queues.create(VisibilityTimeout="7")
    await queues.send(url)
    await queues.receive(url)
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await advance(6.9)
    assert not waiting.done()
    await advance(0.2)
    assert waiting.result() == ["body"]


@by_hand
async def test_a_delayed_message_wakes_a_receiver_when_it_is_due() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    await queues.send(url, "later", DelaySeconds=10)
    await queues.send(url, "sooner", DelaySeconds=5)
    await advance(4.9)
    assert not waiting.done()
    await advance(0.2)
    assert waiting.result() == ["sooner"]


@by_hand
async def test_a_message_given_back_wakes_a_receiver() -> None:
    queues = Queues()
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url)
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    handle = message["ReceiptHandle"]
    await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    await settle()
    assert waiting.result() == ["body"]


@by_hand
async def test_a_shorter_visibility_wakes_a_receiver_sooner() -> None:
    queues = Queues()
    url = await queues.create()
    await queues.send(url)
    (message,) = await queues.receive(url)
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    handle = message["ReceiptHandle"]
    await queues.call("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=3)
    await advance(3.1)
    assert waiting.result() == ["body"]


@by_hand
async def test_a_deletion_frees_a_group_for_who_waits() -> None:
    queues = Queues()
    url = await queues.create("q.fifo")
    await queues.send(url, "m1", "g")
    await queues.send(url, "m2", "g")
    (first,) = await queues.receive(url, 1)
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    await queues.delete(url, first)
    await settle()
    assert waiting.result() == ["m2"]


@by_hand
async def test_who_gave_up_takes_no_message_from_those_who_wait() -> None:
    queues = Queues()
    url = await queues.create()
    gone, waiting = (asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20)) for _ in range(2))
    await settle()
    await queues.send(url)
    gone.cancel()  # after it was called, before it looked
    await advance(1)
    assert gone.cancelled()
    assert waiting.result() == ["body"]


@by_hand
async def test_a_dead_letter_wakes_who_waits_for_dead_letters() -> None:
    queues = Queues()
    url, letters = await queues.with_dead_letters(most=1)
    await queues.send(url)
    await queues.receive(url, VisibilityTimeout=0)
    waiting = asyncio.ensure_future(queues.bodies(letters, WaitTimeSeconds=20))
    await settle()
    assert await queues.bodies(url) == []
    await settle()
    assert waiting.result() == ["body"]


@by_hand
async def test_who_waits_for_a_queue_that_is_deleted_is_told() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = asyncio.ensure_future(queues.refused("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20))
    await settle()
    await queues.call("DeleteQueue", QueueUrl=url)
    await settle()
    assert waiting.result().code == "QueueDoesNotExist"


@by_hand
async def test_a_purge_does_not_lose_who_waits() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    await queues.call("PurgeQueue", QueueUrl=url)
    await queues.send(url, "after")
    await settle()
    assert waiting.result() == ["after"]


@by_hand
async def test_a_hundred_receivers_cost_a_look_for_each_message_and_no_more() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = [asyncio.ensure_future(queues.bodies(url, 1, WaitTimeSeconds=20)) for _ in range(100)]
    await settle()
    looks = 0
    write = queues.database.write

    async def counted(work, deadline=30.0):  # type: ignore[no-untyped-def]
        nonlocal looks
        looks += 1
        return await write(work, deadline)

    queues.database.write = counted  # type: ignore[method-assign]
    await advance(19)
    assert looks == 0
    for _ in range(10):
        await queues.send(url)
    await advance(0.5)
    assert looks <= 10 + 2 * 10
    assert sum(each.done() for each in waiting) == 10
    await advance(1)
    assert all(each.done() for each in waiting)


@by_hand
async def test_nobody_waits_for_a_node_that_stops() -> None:
    queues = Queues()
    url = await queues.create()
    waiting = asyncio.ensure_future(queues.bodies(url, WaitTimeSeconds=20))
    await settle()
    queues.sqs.end_polls()
    await settle()
    assert waiting.result() == []
    assert await queues.bodies(url, WaitTimeSeconds=20) == []


def _rooms(queues: Queues) -> object:
    return queues.sqs._handlers["ReceiveMessage"].__self__._rooms._rooms  # type: ignore[attr-defined]
