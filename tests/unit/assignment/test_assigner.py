"""Who serves whom, who waits, who goes: promises of the assigner, on environments without a kernel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.logs import ListStream
from tests.support.looptime import advance, by_hand, settle
from tests.support.sandboxes import FakeSandbox, Program, Script, echo, hang
from tests.support.specs import Call, environment_spec

from ingle.assignment.assigner import Assigner, AssignmentSettings
from ingle.model.environment import Phase
from ingle.model.errors import ServiceError, TooManyRequests
from ingle.telemetry.lines import TextFormatter
from ingle.worker.environment import Environment, Equipment, Owner
from ingle.worker.journal import Journal
from ingle.worker.spec import EnvironmentSpec


async def on_demand(program: Program) -> None:
    """Holds every invocation until its event is written into `gates`."""
    await program.ready()
    while True:
        meta, event = await program.take_invoke()
        await GATES.setdefault(event, asyncio.Event()).wait()
        program.respond(meta["request_id"], event)


GATES: dict[bytes, asyncio.Event] = {}


class House:
    """An assigner with a maker of its own and every environment that it made."""

    def __init__(self, script: Script = echo, **settings: Any) -> None:
        GATES.clear()
        self.script = script
        self.made: list[Environment] = []
        self.sandboxes: list[FakeSandbox] = []
        self.make_gate: asyncio.Event | None = None
        self.make_error: Exception | None = None
        self.assigner = Assigner(
            self,
            AssignmentSettings(**{"memory_budget_mb": 1_024, **settings}),
            asyncio.get_running_loop().time,
        )

    async def make(self, spec: EnvironmentSpec, owner: Owner) -> Environment:
        if self.make_gate is not None:
            await self.make_gate.wait()
        if self.make_error is not None:
            raise self.make_error
        sandbox = FakeSandbox(self.script)
        equipment = Equipment("p", {}, Journal(TextFormatter(), ListStream()), "v")
        self.sandboxes.append(sandbox)
        self.made.append(Environment(spec, equipment, sandbox, owner))
        return self.made[-1]

    async def prepare(self, runtime: str) -> None:
        raise AssertionError("nobody asked for that")

    def assign(self, payload: bytes = b"{}", key: str = "g1", **changes: Any) -> Call:
        call = Call(payload)
        self.assigner.assign(environment_spec(key, **changes), call.invocation)
        return call

    async def run(self, payload: bytes = b"{}", key: str = "g1", **changes: Any) -> Call:
        call = self.assign(payload, key, **changes)
        await settle()
        return call

    async def let(self, payload: bytes) -> None:
        GATES.setdefault(payload, asyncio.Event()).set()
        await settle()

    def phases(self) -> list[str]:
        return [environment.phase for environment in self.made]


@by_hand
async def test_an_idle_environment_is_used_again() -> None:
    house = House()
    assert (await house.run(b"1")).outcome.payload == b"1"
    assert (await house.run(b"2")).outcome.payload == b"2"
    assert len(house.made) == 1


@by_hand
async def test_the_most_recently_used_environment_is_taken_first() -> None:
    house = House(on_demand)
    house.assign(b"a")
    house.assign(b"b")
    await settle()
    await house.let(b"b")
    await house.let(b"a")  # idle since: b's before a's
    (serving_a,) = [e for e in house.made if e is house.assigner._pools["g1"].idle[-1]]
    house.assign(b"c")
    assert serving_a.phase is Phase.INVOKE


@by_hand
async def test_a_waiting_request_takes_whichever_frees_first_and_the_new_one_is_then_idle() -> None:
    house = House(on_demand)
    house.assign(b"a")
    await settle()
    house.make_gate = asyncio.Event()
    second = house.assign(b"b")
    await house.let(b"b")
    assert second.answers == []
    await house.let(b"a")
    assert second.outcome.payload == b"b"
    assert len(house.made) == 1
    house.make_gate.set()
    await settle()
    assert len(house.made) == 2
    assert house.phases() == [Phase.READY, Phase.READY]


@by_hand
async def test_requests_are_served_in_the_order_of_their_coming() -> None:
    house = House(on_demand)
    house.make_gate = asyncio.Event()
    calls = [house.assign(str(n).encode()) for n in range(3)]
    house.make_gate.set()
    await settle()
    served = [environment._invocation for environment in house.made]
    assert served == [call.invocation for call in calls]


@by_hand
async def test_versions_share_nothing() -> None:
    house = House()
    await house.run(key="g1")
    await house.run(key="g2")
    assert len(house.made) == 2


@by_hand
async def test_memory_that_is_not_there_is_a_throttle_and_changes_nothing() -> None:
    house = House(on_demand, memory_budget_mb=256)
    first, second = house.assign(b"a"), house.assign(b"b")
    await settle()
    with pytest.raises(TooManyRequests) as caught:
        house.assign(b"c", key="g2")
    assert caught.value.fields == {"Reason": "ConcurrentInvocationLimitExceeded"}
    assert caught.value.headers == {"Retry-After": "1"}
    assert "g2" not in house.assigner._pools
    await house.let(b"a")
    await house.let(b"b")
    assert len(first.answers) == len(second.answers) == 1


@by_hand
async def test_the_longest_idle_environment_makes_room() -> None:
    house = House(memory_budget_mb=256)
    await house.run(key="old")
    await advance(1)
    await house.run(key="new")
    await house.run(key="third")
    assert house.phases() == [Phase.SHUTDOWN, Phase.READY, Phase.READY]


@by_hand
async def test_those_on_their_way_out_count_as_gone_for_who_asks_and_as_there_for_who_starts() -> None:
    house = House(memory_budget_mb=256)
    await house.run(key="a")
    await advance(1)
    await house.run(key="b")
    gates = [asyncio.Event(), asyncio.Event()]
    for sandbox, gate in zip(house.sandboxes, gates, strict=True):
        sandbox.destroy_gate = gate
    first = house.assign(b"1", key="c")
    second = house.assign(b"2", key="d")  # one more goes: no throttle while the first is going
    await settle()
    assert len(house.made) == 2  # the memory is not there yet
    gates[0].set()
    await settle()
    assert len(house.made) == 3
    gates[1].set()
    await settle()
    assert (first.outcome.payload, second.outcome.payload) == (b"1", b"2")
    assert house.assigner._memory_held_mb == 256


@by_hand
async def test_an_environment_idle_for_the_keep_alive_goes_and_gives_its_memory_back() -> None:
    house = House(keep_alive=600, memory_budget_mb=128)
    await house.run()
    await advance(599)
    house.assigner.sweep()
    assert house.assigner.environments() == 1
    await advance(1)
    house.assigner.sweep()
    await settle()
    assert house.assigner.environments() == 0
    assert house.phases() == [Phase.SHUTDOWN]
    assert (await house.run(b"again")).outcome.payload == b"again"


@by_hand
async def test_an_idle_environment_is_frozen_after_the_grace_and_no_sooner() -> None:
    house = House(freeze_after=0.1)
    await house.run()
    await advance(0.05)
    house.assigner.tick()
    assert not house.sandboxes[0].frozen
    await house.run()  # used again: the grace begins anew
    await advance(0.09)
    house.assigner.tick()
    assert not house.sandboxes[0].frozen
    await advance(0.01)
    house.assigner.tick()
    assert house.sandboxes[0].frozen
    assert (await house.run(b"1")).outcome.payload == b"1"
    assert not house.sandboxes[0].frozen


@by_hand
async def test_a_busy_environment_is_not_frozen() -> None:
    house = House(on_demand, freeze_after=0.1)
    house.assign(b"a")
    await settle()
    await advance(1)
    house.assigner.tick()
    assert "freeze" not in house.sandboxes[0].done


@by_hand
async def test_a_changed_version_loses_its_idle_environments_now_and_busy_ones_after_their_work() -> None:
    house = House(on_demand)
    busy = house.assign(b"a")
    await settle()
    await house.let(b"b")
    await house.run(b"b")
    house.assigner.retire_version("g1")
    await settle()
    assert sorted(house.phases()) == [Phase.INVOKE, Phase.SHUTDOWN]
    await house.let(b"a")
    assert busy.outcome.payload == b"a"
    assert house.phases() == [Phase.SHUTDOWN, Phase.SHUTDOWN]
    house.assigner.sweep()
    assert house.assigner._pools == {}
    assert house.assigner._memory_held_mb == 0


@by_hand
async def test_who_waited_when_the_version_changed_is_served() -> None:
    house = House()
    house.make_gate = asyncio.Event()
    call = house.assign(b"1")
    house.assigner.retire_version("g1")
    house.make_gate.set()
    await settle()
    assert call.outcome.payload == b"1"
    assert house.phases() == [Phase.SHUTDOWN]


@by_hand
async def test_an_abandoned_request_is_not_started_and_its_slot_comes_back() -> None:
    house = House()
    house.make_gate = asyncio.Event()
    call = house.assign(b"1")
    call.invocation.abandoned = True
    house.make_gate.set()
    await settle()
    assert isinstance(call.error, ServiceError)  # told once: whoever counts hears that it is over
    assert house.phases() == [Phase.READY]


@by_hand
async def test_a_request_that_waited_too_long_is_refused_once() -> None:
    house = House(hang, start_timeout=60)
    house.make_gate = asyncio.Event()
    call = house.assign()
    await advance(59)
    house.assigner.sweep()
    assert call.answers == []
    await advance(1.5)
    house.assigner.sweep()
    await settle()
    assert isinstance(call.error, ServiceError)
    assert house.assigner._memory_held_mb == 0


@by_hand
async def test_an_environment_that_cannot_be_made_refuses_the_request_and_takes_no_memory() -> None:
    house = House()
    house.make_error = ServiceError("no sandbox")
    call = await house.run()
    assert call.error is house.make_error
    assert house.assigner._memory_held_mb == 0
    house.make_error = None
    assert (await house.run(b"1")).outcome.payload == b"1"


@by_hand
async def test_memory_of_an_environment_that_failed_to_start_is_free_only_when_it_has_gone() -> None:
    house = House(memory_budget_mb=128)
    original = house.make

    async def make(spec: EnvironmentSpec, owner: Owner) -> Environment:
        environment = await original(spec, owner)
        if len(house.made) == 1:
            house.sandboxes[0].destroyed = True  # so that its launch fails
            house.sandboxes[0].destroy_gate = gate
        return environment

    gate = asyncio.Event()
    house.make = make  # type: ignore[method-assign]
    first = await house.run()
    assert isinstance(first.error, ServiceError)
    second = await house.run(b"2")
    assert len(house.made) == 1
    gate.set()
    await settle()
    assert second.outcome.payload == b"2"


@by_hand
async def test_close_ends_idle_busy_and_starting_environments_and_tells_everyone() -> None:
    house = House(on_demand)
    await house.let(b"idle")
    await house.run(b"idle")
    house.assign(b"x")
    busy = house.assign(b"a")
    await settle()
    house.script = hang
    starting = [house.assign(b"s", key="g2"), house.assign(b"t", key="g2")]
    await settle()
    await house.assigner.close()
    assert set(house.phases()) == {Phase.SHUTDOWN}
    assert all(sandbox.alive == 0 and sandbox.destroyed for sandbox in house.sandboxes)
    assert all(isinstance(call.error, ServiceError) for call in [busy, *starting])
    assert house.assigner._memory_held_mb == 0
    with pytest.raises(ServiceError):
        house.assign()


@by_hand
async def test_close_waits_no_longer_than_five_seconds_for_a_sandbox_that_will_not_go() -> None:
    house = House()
    await house.run()
    house.sandboxes[0].destroy_gate = asyncio.Event()
    closing = asyncio.create_task(house.assigner.close())
    await advance(5.1)
    assert closing.done()
    house.sandboxes[0].destroy_gate.set()
    await settle()
