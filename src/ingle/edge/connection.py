"""One HTTP connection: uvicorn's protocol, with a short cut for the invoke path.

uvicorn on httptools parses, keeps alive, pipelines and serves ASGI. An invocation need not become an ASGI
conversation: where the request is the plain case of Invoke, `HotInvoke` answers it from the parser's own
callbacks. What is anything but plain (another operation, an error, a chunked body, a pipelined request)
takes the general way, through the service model.

The server sweeps connections for those that stand idle or send too slowly, so that no request arms a timer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_HEADER_BYTES = 1_048_576  # AWS: "all headers 1 MB"
# What a header counts beside its text, as in HTTP/2 (RFC 9113, 6.5.2): many empty ones are large as well.
_HEADER_COST = 32
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

Headers = dict[bytes, bytes]


class Exchange(Protocol):
    """A request that the hot path has taken: from its headers to its answer."""

    def body_received(self, data: bytes) -> None: ...
    def request_complete(self) -> None: ...
    def client_gone(self) -> None: ...


class HotInvoke(Protocol):
    """Takes the plain case of Invoke. The server keeps `date` as the Date header has it."""

    date: bytes

    def take(self, target: bytes, headers: Headers, answer: Callable[[bytes], None]) -> Exchange | None:
        """An exchange for a POST to `target`, or None where the general way has to serve it.

        `answer` is called once with the complete HTTP response.
        """
        ...


class _HotCycle:
    """What uvicorn's protocol wants to see in place of its own cycle while the hot path has the request."""

    __slots__ = ("answered", "disconnected", "exchange", "keep_alive", "message_event", "response_complete")

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False
        self.message_event = _NO_EVENT
        self.answered = False
        self.exchange: Exchange | None = None


class _NoEvent:
    """Nobody waits for the parts of a hot request."""

    def set(self) -> None: ...


_NO_EVENT = _NoEvent()


class Connection(HttpToolsProtocol):
    """See the module. `hot` is shared by all connections of a listener."""

    def __init__(
        self, config: Config, state: ServerState, hot: HotInvoke, clock: Callable[[], float]
    ) -> None:
        super().__init__(config, state, {})
        self._hot = hot
        self._clock = clock
        self._hot_cycle: _HotCycle | None = None  # the last one: `cycle` may be a pipelined request behind it
        self._header_bytes = 0
        self._unparsed_head = 0  # bytes since the head of a request began that is not complete yet
        self._in_head = False
        self._receiving = False
        self.last_heard = clock()
        self.request_began: float | None = None

    # Time: read by the server's sweep

    def overdue(self, now: float, idle_limit: float, request_limit: float) -> bool:
        """Whether nothing was heard for `idle_limit` seconds, or a request takes longer than
        `request_limit` seconds to arrive. A connection that waits for our answer is never overdue."""
        if self._receiving:
            return self.request_began is not None and now - self.request_began > request_limit
        answering = self.cycle is not None and not self.cycle.response_complete
        return not answering and now - self.last_heard > idle_limit

    # asyncio.Protocol

    def expire(self) -> None:
        """Close what is overdue; at once, where the client did not even take the last of an answer."""
        if self.transport.is_closing():
            self.transport.abort()
        else:
            self.last_heard = self._clock()
            self._receiving = False
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.last_heard = self._clock()
        super().data_received(data)
        if self._in_head:  # the parser keeps a header to itself until it is whole: one might never end
            self._unparsed_head += len(data)
            if self._unparsed_head > MAX_HEADER_BYTES:
                self._refuse_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        hot = self._hot_cycle
        if hot is not None and not hot.answered and hot.exchange is not None:
            hot.exchange.client_gone()

    # httptools' callbacks

    def on_message_begin(self) -> None:
        # The scope of an ASGI conversation is built when there is one.
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._header_bytes = 0
        self._unparsed_head = 0
        self._in_head = True
        self._receiving = True
        self.request_began = self.last_heard

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + _HEADER_COST)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        waiting: Any = self.cycle
        if (waiting is None or waiting.response_complete) and self.parser.get_method() == b"POST":
            cycle = _HotCycle(self.parser.should_keep_alive())
            cycle.exchange = self._hot.take(self.url, dict(self.headers), self._answerer(cycle))
            if cycle.exchange is not None:
                self.cycle = self._hot_cycle = cycle  # type: ignore[assignment]
                if self.expect_100_continue:
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expect
        self.headers = headers
        self.scope["headers"] = headers
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        cycle: Any = self.cycle
        if isinstance(cycle, _HotCycle):
            if cycle.exchange is not None and not cycle.answered:
                cycle.exchange.body_received(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._receiving = False
        cycle: Any = self.cycle
        if isinstance(cycle, _HotCycle):
            if cycle.exchange is not None and not cycle.answered:
                cycle.exchange.request_complete()
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, without its timer: the server's sweep closes what stays idle."""
        self.last_heard = self._clock()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    def _answerer(self, cycle: _HotCycle) -> Callable[[bytes], None]:
        def answer(response: bytes) -> None:
            if cycle.answered:
                return
            cycle.answered = True
            cycle.response_complete = True
            if cycle.disconnected or self.transport.is_closing():
                return
            self.transport.write(response)
            if not cycle.keep_alive:
                self.transport.close()
            else:
                self.on_response_complete()

        return answer

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse_head()
            raise httptools.HttpParserCallbackError("headers too large")

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
