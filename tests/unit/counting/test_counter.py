"""Concurrency counted exactly, whatever comes between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ingle.counting.counter import Counter, FunctionCount
from ingle.model.errors import TooManyRequests

HERE = ("000000000000", "us-east-1")
NAMES = st.sampled_from(["f", "g", "h"])


class Counting(RuleBasedStateMachine):
    """Against a model that keeps every invocation in a list."""

    @initialize(limit=st.integers(1, 8))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.counter = Counter(limit)
        self.flying: list[tuple[str, FunctionCount]] = []
        self.reserved: dict[str, int] = {}

    def of(self, name: str) -> int:
        return sum(1 for flying, _ in self.flying if flying == name)

    def shared(self) -> int:
        return sum(max(0, self.of(name) - self.reserved.get(name, 0)) for name in "fgh")

    @rule(name=NAMES)
    def take(self, name: str) -> None:
        if name in self.reserved:
            room = self.of(name) < self.reserved[name]
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
        else:
            room = self.shared() < self.limit - sum(self.reserved.values())
            reason = "ConcurrentInvocationLimitExceeded"
        if room:
            self.flying.append((name, self.counter.take(HERE, name)))
            return
        with pytest.raises(TooManyRequests) as caught:
            self.counter.take(HERE, name)
        assert caught.value.fields["Reason"] == reason

    @rule(which=st.integers(0, 100))
    def release(self, which: int) -> None:
        if self.flying:
            self.flying.pop(which % len(self.flying))[1].release()

    @rule(name=NAMES, reserved=st.none() | st.integers(0, 4))
    def reserve(self, name: str, reserved: int | None) -> None:
        self.counter.reserve(HERE, name, reserved)
        self.reserved.pop(name, None)
        if reserved is not None:
            self.reserved[name] = reserved

    @rule(name=NAMES)
    def forget(self, name: str) -> None:
        self.counter.forget(HERE, name)
        self.reserved.pop(name, None)

    @invariant()
    def counts_are_exact(self) -> None:
        if not hasattr(self, "counter"):
            return
        assert self.counter.in_flight(HERE) == len(self.flying)
        pool = self.counter._pools.get(HERE)
        if pool is not None:
            assert pool.unreserved_in_flight == self.shared()
            assert pool.reserved == sum(self.reserved.values())


TestCounting = Counting.TestCase


def test_reserved_concurrency_is_neither_more_nor_less() -> None:
    counter = Counter(10)
    counter.reserve(HERE, "f", 2)
    held = [counter.take(HERE, "f"), counter.take(HERE, "f")]
    with pytest.raises(TooManyRequests) as caught:
        counter.take(HERE, "f")
    assert caught.value.message == "Rate Exceeded."
    assert caught.value.headers == {"Retry-After": "1"}
    for _ in range(8):
        counter.take(HERE, "g")
    with pytest.raises(TooManyRequests):
        counter.take(HERE, "h")
    held.pop().release()
    counter.take(HERE, "f")


def test_zero_reserved_throttles_everything() -> None:
    counter = Counter(10)
    counter.reserve(HERE, "f", 0)
    with pytest.raises(TooManyRequests):
        counter.take(HERE, "f")


def test_what_is_above_a_lowered_reservation_uses_the_accounts_share() -> None:
    counter = Counter(10)
    held = [counter.take(HERE, "f") for _ in range(9)]
    counter.reserve(HERE, "f", 1)
    counter.take(HERE, "g")  # 9 unreserved, 8 of them used by f's surplus
    with pytest.raises(TooManyRequests):
        counter.take(HERE, "g")
    held.pop().release()
    counter.take(HERE, "g")


@given(st.integers(1, 5))
def test_regions_and_accounts_do_not_share(limit: int) -> None:
    counter = Counter(limit)
    for scope in [HERE, ("000000000000", "eu-west-1"), ("111111111111", "us-east-1")]:
        for _ in range(limit):
            counter.take(scope, "f")
        with pytest.raises(TooManyRequests):
            counter.take(scope, "f")
