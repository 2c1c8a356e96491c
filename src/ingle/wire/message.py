"""What goes over the wire, without the wire: one request, one response."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, read to its end.

    `path` is the raw request path, percent-encoding kept and without the query; `query` the raw query
    string without its `?`; `headers` has lower-case names.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response; framing headers (`Content-Length`, `Date`, `Connection`) are the listener's work.

    Where there are `parts`, they are sent one by one as they come, in place of `body`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    parts: AsyncIterator[bytes] | None = None
