"""The environments of one function version: who is idle, who waits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ingle.model.errors import ServiceError
from ingle.model.invocation import Invocation
from ingle.worker.environment import Environment
from ingle.worker.spec import EnvironmentSpec


@dataclass(slots=True, eq=False)
class Waiting:
    """An invocation that waits for an environment until `deadline` (seconds, monotonic)."""

    invocation: Invocation
    deadline: float


@dataclass(slots=True, eq=False)
class VersionPool:
    """Idle environments are a stack: the most recently used first, so that the rest can go cold."""

    spec: EnvironmentSpec
    idle: list[Environment] = field(default_factory=list)
    busy: set[Environment] = field(default_factory=set)
    starting: int = 0
    waiting: deque[Waiting] = field(default_factory=deque)
    retired: bool = False

    def next_waiting(self) -> Invocation | None:
        """The invocation that has waited longest and still wants an answer."""
        while self.waiting:
            invocation = self.waiting.popleft().invocation
            if not invocation.abandoned:
                return invocation
            invocation.done(ServiceError("Nobody waits for the answer any longer."))
        return None

    @property
    def empty(self) -> bool:
        return not (self.idle or self.busy or self.starting or self.waiting)
