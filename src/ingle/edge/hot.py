"""The plain case of Invoke, from the parser's callbacks to the answer, with nothing in between.

Plain is: POST, a bare function name with a qualifier or without, a function that is known and active, a body
of stated length, an invocation type of RequestResponse, and no client context. All else, every error
included, is left to the general way, which answers from the service model. What is parsed here once
(credentials, targets) is remembered, because the same client sends the same bytes again.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote

from ingle.edge.connection import Exchange, Headers
from ingle.edge.identity import Defaults, identify
from ingle.frontend.frontend import Frontend
from ingle.model.errors import IngleError, ServiceError
from ingle.model.function import ResolvedFunction
from ingle.model.identifiers import TRACE_HEADER, new_request_id, new_trace_header
from ingle.model.invocation import MAX_REQUEST_PAYLOAD, Invocation, Outcome
from ingle.model.names import FunctionKey
from ingle.wire.message import Request

_QUALIFIER = rb"((?:\$|%24)LATEST|[A-Za-z0-9_-]+)"
_TARGET = re.compile(
    rb"/2015-03-31/functions/([A-Za-z0-9_-]{1,64})(?:(?::|%3A)" + _QUALIFIER + rb")?/invocations"
    rb"(?:\?Qualifier=" + _QUALIFIER + rb")?"
)
# Every part is there, once, in the order in which all SDKs write them.
_WHOLE = re.compile(rb"AWS4-HMAC-SHA256 Credential=[^,\s]+, ?SignedHeaders=[^,\s]+, ?Signature=[^,\s]+")
_log = logging.getLogger(__name__)
_REMEMBERED = 4_096  # entries, of either memory, before it is emptied

Identity = tuple[str, str]  # account, region


class Renderer(Protocol):
    def __call__(self, error: IngleError, request_id: str, date: bytes) -> bytes:
        """A complete HTTP response for `error`."""
        ...


class HotPath:
    """`HotInvoke` over the frontend."""

    def __init__(self, frontend: Frontend, defaults: Defaults, render: Renderer) -> None:
        self._frontend = frontend
        self._defaults = defaults
        self._render = render
        self.date = b""  # of now, as the Date header says it; kept by the server
        self._identities: dict[bytes | None, Identity | None] = {}
        self._targets: dict[bytes, tuple[str, str | None] | None] = {}

    def take(self, target: bytes, headers: Headers, answer: Callable[[bytes], None]) -> Exchange | None:
        """See `HotInvoke.take`."""
        named = self._named(target)
        if named is None or not _plain(headers):
            return None
        identity = self._identity(headers.get(b"authorization"))
        if identity is None:
            return None
        function = self._frontend.find(FunctionKey(identity[0], identity[1], named[0]), named[1])
        if function is None:
            return None
        return _HotExchange(self, function, headers, answer)

    def _named(self, target: bytes) -> tuple[str, str | None] | None:
        try:
            return self._targets[target]
        except KeyError:
            match = _TARGET.fullmatch(target)
            named = None
            if match is not None and not (match[2] and match[3]):  # two qualifiers might contradict
                qualifier = match[2] or match[3]
                named = (match[1].decode(), None if qualifier is None else unquote(qualifier.decode()))
            if len(self._targets) >= _REMEMBERED:
                self._targets.clear()
            self._targets[target] = named
            return named

    def _identity(self, authorization: bytes | None) -> Identity | None:
        if authorization is not None and not _WHOLE.fullmatch(authorization):
            return None
        # The signature differs from request to request; what it is made with does not.
        credential = authorization if authorization is None else authorization.partition(b",")[0]
        try:
            return self._identities[credential]
        except KeyError:
            identity = self._identify(authorization)
            if len(self._identities) >= _REMEMBERED:
                self._identities.clear()
            self._identities[credential] = identity
            return identity

    def _identify(self, authorization: bytes | None) -> Identity | None:
        """None leaves the request, malformed or another service's, to the general way."""
        given = {} if authorization is None else {"authorization": authorization.decode("latin-1")}
        try:
            caller = identify(Request("POST", "/", headers=given), self._defaults)
        except IngleError:
            return None
        return (caller.account, caller.region) if caller.service in (None, "lambda") else None

    def start(self, exchange: _HotExchange, payload: bytes) -> None:
        """Run the function, or answer why not."""
        headers = exchange.headers
        trace = headers.get(b"x-amzn-trace-id")
        trace_id = trace.decode("latin-1") if trace is not None else ""
        invocation = Invocation(
            request_id=new_request_id(),
            function_arn=exchange.function.invoked_arn,
            payload=payload,
            trace_id=trace_id if TRACE_HEADER.fullmatch(trace_id) else new_trace_header(),
            done=exchange.done,
            wants_log_tail=headers.get(b"x-amz-log-type") == b"Tail",
        )
        exchange.invocation = invocation
        try:
            self._frontend.run(exchange.function, invocation)
        except IngleError as error:
            exchange.answer(self._render(error, invocation.request_id, self.date))
        except Exception:  # the parser called us: it would take this for the client's fault
            _log.exception("an invocation of %s failed", exchange.function.key.arn)
            internal = ServiceError("An internal error occurred.")
            exchange.answer(self._render(internal, invocation.request_id, self.date))

    def respond(self, exchange: _HotExchange, outcome: Outcome | IngleError) -> bytes:
        """The complete HTTP response."""
        invocation = exchange.invocation
        assert invocation is not None
        if isinstance(outcome, IngleError):
            return self._render(outcome, invocation.request_id, self.date)
        further = ""
        if outcome.function_error is not None:
            further = f"x-amz-function-error: {outcome.function_error}\r\n"
        if outcome.log_tail is not None:
            further += f"x-amz-log-result: {b64encode(outcome.log_tail).decode()}\r\n"
        head = (
            f"content-type: application/json\r\ncontent-length: {len(outcome.payload)}\r\n"
            f"x-amzn-requestid: {invocation.request_id}\r\nx-amzn-remapped-content-length: 0\r\n"
            f"x-amz-executed-version: {exchange.function.version}\r\n"
            f"x-amzn-trace-id: {invocation.trace_id}\r\n{further}\r\n"
        )
        return b"".join(
            (b"HTTP/1.1 200 OK\r\ndate: ", self.date, b"\r\n", head.encode("latin-1"), outcome.payload)
        )


class _HotExchange:
    """One request on its way."""

    __slots__ = ("_body", "_path", "answer", "function", "headers", "invocation")

    def __init__(
        self, path: HotPath, function: ResolvedFunction, headers: Headers, answer: Callable[[bytes], None]
    ) -> None:
        self._path = path
        self.function = function
        self.headers = headers
        self.answer = answer
        self.invocation: Invocation | None = None
        self._body: list[bytes] = []

    def body_received(self, data: bytes) -> None:
        self._body.append(data)

    def request_complete(self) -> None:
        body = self._body
        self._path.start(self, body[0] if len(body) == 1 else b"".join(body))

    def done(self, outcome: Outcome | IngleError) -> None:
        self.answer(self._path.respond(self, outcome))

    def client_gone(self) -> None:
        if self.invocation is not None:
            self.invocation.abandoned = True


def _plain(headers: Headers) -> bool:
    if (
        headers.get(b"x-amz-invocation-type", b"RequestResponse") != b"RequestResponse"
        or headers.get(b"x-amz-log-type", b"None") not in (b"None", b"Tail")
        or b"transfer-encoding" in headers
        or b"x-amz-client-context" in headers
        or b"x-amz-tenant-id" in headers
        or b"x-amz-durable-execution-name" in headers
    ):
        return False
    try:
        return int(headers.get(b"content-length", b"0")) <= MAX_REQUEST_PAYLOAD
    except ValueError:
        return False
