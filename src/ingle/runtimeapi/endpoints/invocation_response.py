"""POST /2018-06-01/runtime/invocation/{id}/response: the function's answer, whole or as a stream.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-response
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD
from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import ACCEPTED, ApiError, Call, Receiver, too_large
from ingle.runtimeapi.session import RuntimeSession, Stream
from ingle.runtimeapi.states import Step

_MODE = "lambda-runtime-function-response-mode"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"
MAX_STREAMED = 200 * 1024 * 1024  # bytes


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    session = api.session()
    session.begin_answer(call.labels["request_id"], Step.RESPONSE)
    mode = call.headers.get(_MODE, "")
    if mode not in ("", "streaming"):
        session.answer_sent()
        session.listener.failed("Runtime.InvalidResponseModeHeader", b"")
        raise ApiError(400, "InvalidFunctionResponseMode", "Invalid function response mode")
    if mode:
        content_type = call.headers.get("content-type", "application/octet-stream")
        stream = session.listener.stream(content_type, call.flow.resume)
        if stream is not None:
            return _Streamed(session, call, stream)
    return _Buffered(session, call)


class _Buffered:
    """An answer that the caller gets when it is whole."""

    def __init__(self, session: RuntimeSession, call: Call) -> None:
        self._session = session
        self._call = call
        self._parts: list[bytes] = []
        self._size = 0

    def data(self, part: bytes) -> None:
        """What is over the limit is not kept but counted to its end, for the error says how long it was."""
        self._size += len(part)
        if self._size <= MAX_RESPONSE_PAYLOAD:
            self._parts.append(part)
        else:
            self._parts.clear()

    def end(self, trailers: Mapping[str, str]) -> None:
        self._session.answer_sent()
        if self._size > MAX_RESPONSE_PAYLOAD:
            self._call.reply(too_large(MAX_RESPONSE_PAYLOAD).answer())
            self._session.listener.refused(self._size)
            return
        self._call.reply(ACCEPTED)
        error_type, error = _error(trailers)
        if error_type is not None:
            self._session.listener.failed(error_type, error)
        else:
            self._session.listener.answered(b"".join(self._parts))

    def cut(self) -> None:
        self._session.answer_sent()
        self._session.listener.truncated()


class _Streamed:
    """An answer that the caller gets as it comes."""

    def __init__(self, session: RuntimeSession, call: Call, stream: Stream) -> None:
        self._session = session
        self._call = call
        self._stream = stream
        self._size = 0

    def data(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MAX_STREAMED:
            self._session.answer_sent()
            self._stream.end("Function.ResponseSizeTooLarge", b"")
            raise too_large(MAX_STREAMED)
        if not self._stream.write(part):
            self._call.flow.pause()

    def end(self, trailers: Mapping[str, str]) -> None:
        self._session.answer_sent()
        self._call.reply(ACCEPTED)
        self._stream.end(*_error(trailers))

    def cut(self) -> None:
        self._session.answer_sent()
        self._stream.end("Runtime.TruncatedResponse", b"")


def _error(trailers: Mapping[str, str]) -> tuple[str | None, bytes]:
    """What the trailers say: the type, and the error object, which clients send in base64."""
    error_type = trailers.get(_ERROR_TYPE) or None
    body = trailers.get(_ERROR_BODY, "")
    try:
        return error_type, base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return error_type, body.encode()
