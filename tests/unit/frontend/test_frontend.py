"""The one way into a function: what is refused, what is counted, what a change retires."""

from __future__ import annotations

import pytest
from tests.support.looptime import by_hand, settle
from tests.support.node import ACCOUNT, REGION, FakeNode, function
from tests.support.sandboxes import Program, echo, hang
from tests.support.specs import Call

from ingle.frontend.frontend import _check_json
from ingle.model.environment import Phase
from ingle.model.errors import InvalidRequestContent, ResourceConflict, ResourceNotFound, TooManyRequests
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.states import State

F = FunctionReference(FunctionKey(ACCOUNT, REGION, "f"))


async def ready_and_hang(program: Program) -> None:
    await program.ready()
    await hang(program)


@by_hand
async def test_an_invocation_takes_a_slot_and_gives_it_back() -> None:
    node = FakeNode()
    node.directory.put(function())
    call = Call(b"[1]")
    node.frontend.run(function(), call.invocation)
    assert node.in_flight == 1
    await settle()
    assert call.outcome.payload == b"[1]"
    assert node.in_flight == 0
    await node.assigner.close()


@by_hand
async def test_no_payload_is_an_empty_object() -> None:
    node = FakeNode()
    call = Call(b"")
    node.frontend.run(function(), call.invocation)
    await settle()
    assert call.outcome.payload == b"{}"
    await node.assigner.close()


@by_hand
async def test_a_throttle_takes_no_slot_and_calls_nobody() -> None:
    node = FakeNode(ready_and_hang, concurrency=1)
    node.frontend.run(function(), Call().invocation)
    second = Call()
    with pytest.raises(TooManyRequests):
        node.frontend.run(function(), second.invocation)
    assert second.answers == []
    assert node.in_flight == 1
    await node.assigner.close()
    assert node.in_flight == 0


@by_hand
async def test_memory_that_is_not_there_gives_the_slot_back() -> None:
    node = FakeNode()
    with pytest.raises(TooManyRequests):
        node.frontend.run(function(memory_size=10_240), Call().invocation)
    assert node.in_flight == 0


@by_hand
async def test_the_slot_of_an_abandoned_request_comes_back_when_it_would_have_started() -> None:
    node = FakeNode()
    call = Call()
    node.frontend.run(function(), call.invocation)
    call.invocation.abandoned = True
    await settle()
    assert node.in_flight == 0
    await node.assigner.close()


@pytest.mark.parametrize("payload", [b"{", b"nope", b'{"a":NaN}', b"\xff", b"1 2"])
@by_hand
async def test_what_is_not_json_is_refused_before_anything_is_counted(payload: bytes) -> None:
    node = FakeNode()
    with pytest.raises(InvalidRequestContent, match="Could not parse request body into json"):
        node.frontend.run(function(), Call(payload).invocation)
    assert node.in_flight == 0


@pytest.mark.parametrize("payload", [b"null", b"1", b'"\\ud800"', b"1" * 400, b"[" * 900 + b"]" * 900])
def test_unusual_json_is_json(payload: bytes) -> None:
    _check_json(payload)


@by_hand
async def test_a_changed_function_retires_the_environments_of_the_last_generation_only() -> None:
    node = FakeNode(echo)
    node.directory.put(function(generation="g1"))
    node.frontend.run(function(generation="g1"), Call().invocation)
    await settle()
    node.directory.put(function(generation="g1", state_reason="new words only"))
    await settle()
    assert [e.phase for e in node.maker.made] == [Phase.READY]
    node.directory.put(function(generation="g2"))
    await settle()
    assert [e.phase for e in node.maker.made] == [Phase.SHUTDOWN]
    node.frontend.run(function(generation="g2"), Call().invocation)
    await settle()
    node.directory.delete(F.key)
    await settle()
    assert [e.phase for e in node.maker.made] == [Phase.SHUTDOWN, Phase.SHUTDOWN]
    assert node.frontend._specs == {}


@by_hand
async def test_only_active_functions_are_found() -> None:
    node = FakeNode()
    with pytest.raises(ResourceNotFound):
        await node.frontend.resolve(F)
    node.directory.put(function(state=State.PENDING))
    assert node.frontend.find(F.key, None) is None
    with pytest.raises(ResourceConflict):
        await node.frontend.resolve(F)
    node.directory.put(function())
    assert node.frontend.find(F.key, None) is not None
