"""A queue against a model of one: nothing lost, nothing delivered while hidden, groups in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.services.sqs.conftest import Queues

from ingle.model.errors import CallerError

T = TypeVar("T")
MOST_RECEIVES = 3


@dataclass
class Modelled:
    """A message as it should be. `place`: its order in the queue that it is in."""

    body: str
    group: str | None
    visible_at: int
    place: int
    receives: int = 0
    handle: str = ""
    handle_of: int = 0


class StandardQueue(RuleBasedStateMachine):
    """The service does what the model does, whatever happens in between."""

    name = "q"

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.queues = Queues()
        self.now = 0
        self.count = 0
        self.alive: list[Modelled] = []
        self.dead: list[Modelled] = []
        self.deleted: list[Modelled] = []

    def teardown(self) -> None:
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def place(self) -> int:
        self.count += 1
        return self.count

    @initialize()
    def create(self) -> None:
        self.url, self.letters = self.run(self.queues.with_dead_letters(self.name, MOST_RECEIVES))

    @rule(group=st.sampled_from("abc"), delay=st.sampled_from([0, 0, 0, 5]))
    def send(self, group: str, delay: int) -> None:
        place = self.place()
        body = f"{group}-{place}"
        self.run(self.queues.send(self.url, body, DelaySeconds=delay))
        self.alive.append(Modelled(body, None, self.now + delay, place))

    @rule(limit=st.integers(1, 10), visibility=st.sampled_from([0, 3, 10]))
    def receive(self, limit: int, visibility: int) -> None:
        received = self.run(self.queues.receive(self.url, limit, VisibilityTimeout=visibility))
        expected = self.take(limit)
        assert [message["Body"] for message in received] == [each.body for each in expected]
        for message, each in zip(received, expected, strict=True):
            each.visible_at = self.now + visibility
            each.receives += 1
            each.handle, each.handle_of = message["ReceiptHandle"], each.receives

    def take(self, limit: int) -> list[Modelled]:
        """What a receive should give; dead letters met on the way are buried."""
        taken: list[Modelled] = []
        for each in sorted(self.alive, key=lambda each: (each.visible_at, each.place)):
            if len(taken) == limit or each.visible_at > self.now:
                break
            if each.receives >= MOST_RECEIVES:
                self.bury(each)
            else:
                taken.append(each)
        return taken

    def bury(self, each: Modelled) -> None:
        self.alive.remove(each)
        self.dead.append(each)

    @precondition(lambda self: any(each.handle for each in self.alive))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        each = data.draw(st.sampled_from([each for each in self.alive if each.handle]))
        self.run(self.queues.delete(self.url, {"ReceiptHandle": each.handle}))
        if each.handle_of == each.receives:
            self.alive.remove(each)
            self.deleted.append(each)

    @precondition(lambda self: any(each.handle for each in self.alive))
    @rule(data=st.data(), timeout=st.sampled_from([0, 2, 20]))
    def change_visibility(self, data: st.DataObject, timeout: int) -> None:
        each = data.draw(st.sampled_from([each for each in self.alive if each.handle]))
        members = {"QueueUrl": self.url, "ReceiptHandle": each.handle, "VisibilityTimeout": timeout}
        if self.may_change(each):
            self.run(self.queues.sqs.call("ChangeMessageVisibility", _context(), members))
            each.visible_at = self.now + timeout
        else:
            self.refused("ChangeMessageVisibility", members)

    def may_change(self, each: Modelled) -> bool:
        return each.handle_of == each.receives

    def refused(self, operation: str, members: dict[str, Any]) -> None:
        try:
            self.run(self.queues.sqs.call(operation, _context(), members))
        except CallerError:
            return
        raise AssertionError(f"{operation} was not refused")

    @rule(seconds=st.sampled_from([1, 4, 11]))
    def advance(self, seconds: int) -> None:
        self.queues.clock.advance(seconds)
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.queues = Queues(self.queues.database, self.queues.clock)

    @rule()
    def purge(self) -> None:
        try:
            self.run(self.queues.call("PurgeQueue", QueueUrl=self.url))
        except CallerError as error:
            if error.code != "PurgeQueueInProgress":
                raise
            return
        self.deleted += self.alive
        self.alive = []

    @invariant()
    def counts_are_exact(self) -> None:
        if not hasattr(self, "url"):
            return
        hidden = [each for each in self.alive if each.visible_at > self.now]
        in_flight = sum(each.receives > 0 for each in hidden)
        expected = (len(self.alive) - len(hidden), in_flight, len(hidden) - in_flight)
        assert self.run(self.queues.counts(self.url)) == expected
        assert sum(self.run(self.queues.counts(self.letters))) == len(self.dead)


class FifoQueue(StandardQueue):
    """The same, with groups that lock."""

    name = "q.fifo"

    @rule(group=st.sampled_from("abc"), delay=st.just(0))
    def send(self, group: str, delay: int) -> None:
        place = self.place()
        body = f"{group}-{place}"
        self.run(self.queues.send(self.url, body, group))
        self.alive.append(Modelled(body, group, self.now + delay, place))

    def take(self, limit: int) -> list[Modelled]:
        groups: dict[str | None, list[Modelled]] = {}
        for each in sorted(self.alive, key=lambda each: each.place):
            groups.setdefault(each.group, []).append(each)
        taken: list[Modelled] = []
        for group in sorted(groups.values(), key=lambda group: (group[0].visible_at, group[0].place)):
            for each in group:
                if len(taken) == limit or each.visible_at > self.now:
                    break
                if each.receives >= MOST_RECEIVES:
                    self.bury(each)
                else:
                    taken.append(each)
        return taken

    def may_change(self, each: Modelled) -> bool:
        return each.handle_of == each.receives and each.visible_at > self.now

    @precondition(lambda self: any(each.handle for each in self.alive))
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        each = data.draw(st.sampled_from([each for each in self.alive if each.handle]))
        members = {"QueueUrl": self.url, "ReceiptHandle": each.handle}
        if self.may_change(each):
            self.run(self.queues.sqs.call("DeleteMessage", _context(), members))
            self.alive.remove(each)
            self.deleted.append(each)
        else:
            self.refused("DeleteMessage", members)


def _context() -> Any:
    from tests.unit.services.sqs.conftest import CONTEXT

    return CONTEXT


# Not shrunk: that takes minutes, and the steps are told anyway.
_SOME = settings(
    max_examples=40,
    stateful_step_count=40,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStandardQueue = StandardQueue.TestCase
TestStandardQueue.settings = _SOME
TestFifoQueue = FifoQueue.TestCase
TestFifoQueue.settings = _SOME
