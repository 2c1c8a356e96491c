"""What a runtime is to its environment, whichever way it speaks: over Ingle's framed channel
(`ingle.worker.framed`) or AWS's Runtime API (`ingle.worker.custom`).

One object is one run of a runtime: it is started once, serves one invocation at a time, and is lost once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ingle.model.invocation import Invocation, Outcome
from ingle.runtimeapi.session import Stream
from ingle.sandbox.api import Exit
from ingle.worker.pipe import Taker


class Events(Taker, Protocol):
    """Who hears what happens to a runtime: its environment. Every call comes on the event loop."""

    def initialised(self) -> None:
        """Its INIT ended well: it takes invocations."""
        ...

    def init_failed(self, error_type: str | None, outcome: Callable[[str], Outcome]) -> None:
        """The function's INIT failed; `outcome` is what that is to the invocation with a request id."""
        ...

    def answered(self, outcome: Outcome, free: bool) -> None:
        """The invocation was answered. `free`: it takes another one; else `freed` will be called."""
        ...

    def freed(self) -> None: ...

    def stream(self, resume: Callable[[], None], free: bool) -> Stream | None:
        """Where an answer goes that comes in pieces; None where the caller wants it whole. `resume` is called
        when a stream that wanted no more wants more. The stream's end is the answer; `free` as there."""
        ...

    def logged(self, timestamp_ms: int, text: str) -> None:
        """It logged an event, after whatever it printed before."""
        ...

    def lost(self, exit: Exit | None, reason: str | None) -> None:
        """It is gone for good: `exit` says how its process ended, None where it closed its channel and has
        not ended yet; `reason` says what rule it broke, if it did."""
        ...


class Runtime(Protocol):
    """One run of a runtime."""

    async def start(self) -> None:
        """Have it run and begin its INIT. Raises SandboxError, and is then closed."""
        ...

    def invoke(self, invocation: Invocation, deadline_ms: int) -> None:
        """Hand it an invocation; `deadline_ms` is in milliseconds of the epoch."""
        ...

    def drain_output(self) -> None:
        """Take what it has printed so far."""
        ...

    def hold(self) -> bool:
        """Take nothing more from it until `resume`, so that it stops when the pipes are full. Whether that
        is news."""
        ...

    def resume(self) -> None:
        """Undo `hold`."""
        ...

    def close(self) -> None:
        """Let go of it: nothing more is heard of it."""
        ...
