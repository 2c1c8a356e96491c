"""What an endpoint reads and writes: a call whose body may still be on its way, an answer, and an error.

Endpoints do no I/O. `begin` of an endpoint is called when a request's head is there, and gives a `Receiver`
for its body; the answer goes through `Call.reply`, now or much later (long polls).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; framing headers are the connection's work."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal in the APIs' own form: a status, and JSON with `errorMessage` and `errorType`."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type

    def answer(self) -> Answer:
        return answer_json(self.status, {"errorMessage": str(self), "errorType": self.error_type})


class Flow(Protocol):
    """How the body of a call is held back while nobody can take it."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Call:
    """One request from its head on. `headers` has lower-case names; `labels` what its path stands for.

    `reply` is called once. `gone`, where an endpoint sets it, is called instead if the client leaves first.
    """

    __slots__ = ("flow", "gone", "headers", "labels", "reply")

    def __init__(
        self,
        headers: Mapping[str, str],
        labels: Mapping[str, str],
        reply: Callable[[Answer], None],
        flow: Flow,
    ) -> None:
        self.headers = headers
        self.labels = labels
        self.reply = reply
        self.flow = flow
        self.gone: Callable[[], None] | None = None


class Receiver(Protocol):
    """Takes a call's body as it comes. An `ApiError` raised by it is the call's answer."""

    def data(self, part: bytes) -> None: ...

    def end(self, trailers: Mapping[str, str]) -> None:
        """The body was received whole."""
        ...

    def cut(self) -> None:
        """The client left in the midst of it."""
        ...


class Whole:
    """A receiver that gathers the body and gives it to `then`. Raises ApiError above `limit` bytes."""

    __slots__ = ("_cut", "_limit", "_parts", "_size", "_then")

    def __init__(
        self, limit: int, then: Callable[[bytes], None], cut: Callable[[], None] = lambda: None
    ) -> None:
        self._limit = limit
        self._then = then
        self._cut = cut
        self._parts: list[bytes] = []
        self._size = 0

    def data(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            self._parts.clear()
            raise too_large(self._limit)
        self._parts.append(part)

    def end(self, trailers: Mapping[str, str]) -> None:
        self._then(b"".join(self._parts))

    def cut(self) -> None:
        self._cut()


def answer_json(status: int, document: object, **headers: str) -> Answer:
    """An answer as Lambda's own server writes it: JSON and a newline."""
    body = json.dumps(document, separators=(",", ":")).encode() + b"\n"
    return Answer(status, body, {"Content-Type": JSON, **headers})


ACCEPTED = answer_json(202, {"status": "OK"})


def too_large(limit: int) -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({limit} bytes).")


def bad_json(error: Exception) -> ApiError:
    return ApiError(403, "InvalidRequestFormat", str(error))
