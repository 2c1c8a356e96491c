"""The sandbox's state table, slots, and the launcher's loop on a fake clock."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox.live import NEXT, State
from ingle.sandbox.loop import Loop
from ingle.sandbox.rootfs import passwd, resolvers
from ingle.sandbox.validate import below
from ingle.sandbox.world import Slots

EVENTS = sorted({event for _, event in NEXT})


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_nothing_leads_back_from_the_end(events: list[str]) -> None:
    state, ending = State.IDLE, False
    for event in events:
        state = NEXT.get((state, event), state)
        ending = ending or state is State.ENDING
        if ending:
            assert state in (State.ENDING, State.GONE)


def test_every_state_but_the_last_can_be_destroyed() -> None:
    for state in State:
        assert ((state, "destroy") in NEXT) == (state not in (State.ENDING, State.GONE))


def test_a_program_is_started_only_where_none_is() -> None:
    assert [state for state, event in NEXT if event == "launch"] == [State.IDLE]


@given(st.lists(st.booleans(), max_size=60))
def test_no_slot_is_given_twice(taking: list[bool]) -> None:
    slots = Slots(8)
    held: set[int] = set()
    for take in taking:
        if take:
            slot = slots.take()
            assert slot not in held
            assert (slot is None) == (len(held) == 8)
            held |= set() if slot is None else {slot}
        elif held:
            slots.release(held.pop())


def test_timers_fire_in_order_and_cancelled_ones_do_not() -> None:
    now = 0.0
    loop = Loop(clock=lambda: now)
    fired: list[str] = []
    loop.later(0.0, lambda: fired.append("first"))
    loop.later(0.0, lambda: fired.append("never")).cancel()
    loop.later(0.0, loop.stop)
    loop.run()
    assert fired == ["first"]


def test_a_failing_callback_does_not_end_the_loop(capfd: pytest.CaptureFixture[str]) -> None:
    loop = Loop()
    loop.later(0.0, lambda: exec("[][0]"))
    loop.later(0.0, loop.stop)
    loop.run()
    assert "IndexError" in capfd.readouterr().err


def test_idle_work_is_done_when_it_is_quiet_and_not_again_when_there_is_none() -> None:
    loop, calls = Loop(), 0

    def idle() -> bool:
        nonlocal calls
        calls += 1
        loop.later(0.01, loop.stop)
        return False

    loop.idle = idle
    loop.run()
    assert calls == 1


def test_a_descriptor_forgotten_by_an_earlier_callback_is_not_called() -> None:
    loop = Loop()
    pipes = [os.pipe(), os.pipe()]
    called: list[int] = []

    def call(number: int) -> None:
        called.append(number)
        for read, _ in pipes:
            loop.forget(read)
        loop.stop()

    for number, (read, write) in enumerate(pipes):
        os.write(write, b"x")
        loop.watch(read, lambda number=number: call(number))  # type: ignore[misc]  # bound now
    loop.run()
    assert len(called) == 1
    for pair in pipes:
        os.close(pair[0])
        os.close(pair[1])


@pytest.mark.parametrize(
    ("path", "root", "inside"),
    [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False), ("/", "/a", False), ("/a", "/", True)],
)
def test_below_means_below(path: str, root: str, inside: bool) -> None:
    assert below(path, root) is inside


def test_name_servers_on_the_loopback_are_of_no_use_behind_nat(tmp_path: os.PathLike[str]) -> None:
    stub, upstream = os.path.join(tmp_path, "stub"), os.path.join(tmp_path, "upstream")
    with open(stub, "w") as file:
        file.write("# stub\nnameserver 127.0.0.53\nnameserver ::1\nsearch x\n")
    with open(upstream, "w") as file:
        file.write("nameserver 192.0.2.53\n")
    assert resolvers((stub, upstream)) == ["192.0.2.53"]
    assert resolvers((stub, "/nowhere")) == []


def test_the_user_has_lambdas_name() -> None:
    assert "sbx_user1051:x:1900000007:1900000000:" in passwd(1_900_000_007, 1_900_000_000)
