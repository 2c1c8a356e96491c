"""One runtime's side of the Runtime API, from its start to its end: no I/O, one invocation at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ingle.runtimeapi.message import Answer, ApiError, Call
from ingle.runtimeapi.states import State, Step, advance


@dataclass(frozen=True, slots=True)
class Event:
    """An invocation as `invocation/next` hands it over."""

    request_id: str
    headers: Mapping[str, str]
    payload: bytes


class Listener(Protocol):
    """Who hears what a runtime says. Calls come on the event loop."""

    def ready(self) -> None:
        """It asked for the next event: after its start, INIT is over; after an answer, it is free."""
        ...

    def init_failed(self, error_type: str | None, error: bytes) -> None: ...

    def answered(self, payload: bytes) -> None: ...

    def failed(self, error_type: str | None, error: bytes) -> None:
        """The function failed; `error` goes to the caller as it is."""
        ...

    def refused(self, length: int) -> None:
        """Its answer had `length` bytes or more, which is too long to be taken."""
        ...

    def truncated(self) -> None:
        """It left in the midst of its answer."""
        ...

    def stream(self, content_type: str, resume: Callable[[], None]) -> Stream | None:
        """Where an answer goes that comes in pieces; None where the caller wants it whole."""
        ...


class Stream(Protocol):
    """A caller who takes an answer piece by piece."""

    def write(self, part: bytes) -> bool:
        """Whether more is wanted at once; if not, `resume` will be called."""
        ...

    def end(self, error_type: str | None, error: bytes) -> None:
        """The runtime sent all; or what went wrong in the midst of it."""
        ...


class RuntimeSession:
    """See the module. A new one for every runtime process."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.state = State.STARTED
        self._event: Event | None = None
        self._poll: Call | None = None
        self._closed = False

    def deliver(self, event: Event) -> None:
        """Hand an invocation to the runtime: now if it waits for one, else when it asks."""
        self._event = event
        if self.state is State.READY:
            self._hand_over()

    def next(self, call: Call) -> None:
        """Serve `invocation/next`. Raises ApiError."""
        before = self.state
        self.state = advance(self.state, Step.NEXT)
        if self.state is State.RUNNING:
            assert self._event is not None
            call.reply(_render(self._event))
            return
        if before is State.RESPONSE_SENT:
            self._event = None
        self._wait(call)
        if before is not State.READY:
            self.listener.ready()

    def _wait(self, call: Call) -> None:
        superseded, self._poll = self._poll, call
        if superseded is not None:
            superseded.reply(Answer(410))

        def gone() -> None:
            if self._poll is call:
                self._poll = None

        call.gone = gone
        if self._event is not None and self.state is State.READY:
            self._hand_over()

    def _hand_over(self) -> None:
        call, self._poll = self._poll, None
        if call is None or self._event is None:  # the client left; it will come again
            self._poll = call
            return
        self.state = advance(self.state, Step.DELIVERED)
        call.reply(_render(self._event))

    def begin_answer(self, request_id: str, step: Step) -> None:
        """The head of `response` or `error` came. Raises ApiError: the request id first, then the order."""
        if self._event is None or request_id != self._event.request_id:
            raise ApiError(400, "InvalidRequestID", "Invalid request ID")
        self.state = advance(self.state, step)

    def answer_sent(self) -> None:
        self.state = advance(self.state, Step.SENT)

    def fail_init(self) -> None:
        """Raises ApiError after INIT."""
        self.state = advance(self.state, Step.INIT_ERROR)

    def close(self) -> None:
        """The runtime is gone or is to go: who waits is told nothing more."""
        self._closed = True
        self._poll = None

    @property
    def closed(self) -> bool:
        return self._closed


def _render(event: Event) -> Answer:
    return Answer(200, event.payload, event.headers)
