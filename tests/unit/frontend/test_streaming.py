"""A streamed answer between the function and its caller: order, back-pressure, endings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.looptime import by_hand, settle

from ingle.frontend.streaming import Pieces, invoke_with_response_stream
from ingle.model.errors import ServiceError
from ingle.model.invocation import Invocation, Outcome


class Function:
    """Stands in for the frontend: one function, whose invocations the test answers."""

    invoked_arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    version = "$LATEST"

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []

    async def resolve(self, reference: object) -> Function:
        return self

    def run(self, function: object, invocation: Invocation) -> None:
        self.invocations.append(invocation)


async def ask(function: Function, **request: Any) -> dict[str, Any]:
    frontend: Any = function
    asked: Any = {"FunctionName": "f", **request}
    return await invoke_with_response_stream(frontend, "000000000000", "us-east-1", "r", None, asked)


async def begun(function: Function, **request: Any) -> tuple[asyncio.Task[dict[str, Any]], Invocation]:
    task = asyncio.create_task(ask(function, **request))
    await settle()
    return task, function.invocations[0]


async def rest(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [event async for event in answer["EventStream"]]


@by_hand
async def test_pieces_come_in_order_and_the_first_one_at_once() -> None:
    task, invocation = await begun(Function())
    assert invocation.sink is not None
    assert not task.done()
    invocation.sink.write(b"one", lambda: None)
    answer = await task
    events = answer["EventStream"]
    assert await anext(events) == ("PayloadChunk", {"Payload": b"one"})
    invocation.sink.write(b"two", lambda: None)
    invocation.done(Outcome(b""))
    assert await rest(answer) == [("PayloadChunk", {"Payload": b"two"}), ("InvokeComplete", {})]


@by_hand
async def test_an_answer_that_came_whole_is_one_piece_with_its_log() -> None:
    task, invocation = await begun(Function(), LogType="Tail")
    assert invocation.wants_log_tail
    invocation.done(Outcome(b'{"a":1}', log_tail=b"log"))
    assert await rest(await task) == [
        ("PayloadChunk", {"Payload": b'{"a":1}'}),
        ("InvokeComplete", {"LogResult": "bG9n"}),
    ]


@by_hand
async def test_an_error_in_the_midst_ends_the_stream_with_its_details() -> None:
    task, invocation = await begun(Function())
    assert invocation.sink is not None
    invocation.sink.write(b"half", lambda: None)
    invocation.done(Outcome(b'{"errorMessage":"x"}', "Function.Late"))
    assert await rest(await task) == [
        ("PayloadChunk", {"Payload": b"half"}),
        ("InvokeComplete", {"ErrorCode": "Function.Late", "ErrorDetails": '{"errorMessage":"x"}'}),
    ]


@by_hand
async def test_an_error_of_ours_before_anything_was_sent_is_raised() -> None:
    task, invocation = await begun(Function())
    invocation.done(ServiceError("no"))
    with pytest.raises(ServiceError):
        await task
    assert invocation.abandoned


@by_hand
async def test_a_caller_who_reads_slowly_holds_the_function_up() -> None:
    pieces, drained = Pieces(), []
    assert pieces.write(b"x" * 200_000, lambda: drained.append(1))
    assert not pieces.write(b"x" * 200_000, lambda: drained.append(2))
    assert drained == []
    await pieces.read()
    assert drained == [2]


@by_hand
async def test_a_caller_who_leaves_lets_the_function_send_to_nowhere() -> None:
    task, invocation = await begun(Function())
    assert invocation.sink is not None
    drained: list[int] = []
    assert not invocation.sink.write(b"x" * 300_000, lambda: drained.append(1))
    events = (await task)["EventStream"]
    invocation.sink.write(b"y" * 300_000, lambda: drained.append(2))
    await anext(events)
    await events.aclose()
    assert invocation.abandoned
    assert drained
    assert invocation.sink.write(b"z" * 900_000, lambda: drained.append(3))


@by_hand
async def test_a_dry_run_runs_nothing() -> None:
    function = Function()
    assert (await ask(function, InvocationType="DryRun"))["StatusCode"] == 204
    assert function.invocations == []
