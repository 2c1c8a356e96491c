"""Who goes when memory is wanted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.placement.eviction import Idle, choose_victims

IDLE = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), max_size=8).map(
    lambda rows: [Idle(number, memory, float(since)) for number, (memory, since) in enumerate(rows)]
)


@pytest.mark.parametrize(
    ("needed", "free", "idle", "victims"),
    [
        pytest.param(128, 128, [(128, 1)], [], id="enough is free"),
        pytest.param(128, 0, [], None, id="nobody is idle"),
        pytest.param(128, 0, [(127, 1)], None, id="not enough is idle: nobody goes for nothing"),
        pytest.param(128, 0, [(128, 2), (128, 1)], [1], id="the longest idle goes"),
        pytest.param(256, 0, [(128, 1), (128, 2), (128, 3)], [0, 1], id="as many as it takes"),
        pytest.param(256, 0, [(128, 1), (256, 2)], [1], id="a small one is spared when a large one goes"),
        pytest.param(128, -128, [(256, 1)], [0], id="a debt is paid first"),
    ],
)
def test_table(needed: int, free: int, idle: list[tuple[int, float]], victims: list[int] | None) -> None:
    candidates = [Idle(number, memory, since) for number, (memory, since) in enumerate(idle)]
    assert choose_victims(needed, free, candidates) == victims


@given(st.integers(0, 100), st.integers(-20, 100), IDLE)
def test_enough_goes_and_no_one_of_them_in_vain(needed: int, free: int, idle: list[Idle[int]]) -> None:
    victims = choose_victims(needed, free, idle)
    total = sum(one.memory_mb for one in idle)
    if victims is None:
        assert free + total < needed
        return
    memory = {one.environment: one.memory_mb for one in idle}
    freed = sum(memory[victim] for victim in victims)
    assert len(set(victims)) == len(victims)
    assert free + freed >= needed
    assert all(free + freed - memory[victim] < needed for victim in victims)


@given(st.integers(1, 100), IDLE)
def test_of_equals_the_longest_idle_goes(needed: int, idle: list[Idle[int]]) -> None:
    equal = [Idle(one.environment, 10, one.idle_since) for one in idle]
    victims = choose_victims(needed, 0, equal) or []
    since = {one.environment: one.idle_since for one in equal}
    spared = [since[e] for e in since if e not in victims]
    assert not victims or not spared or max(since[v] for v in victims) <= min(spared)
