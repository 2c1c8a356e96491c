"""AWS's runtime client over the channel instead of HTTP: it takes invocations and posts answers and logs."""

import json
import os
import struct
import sys
import time
from typing import Any, List, Optional

from awslambdaric.lambda_runtime_client import InvocationRequest, LambdaRuntimeClient
from awslambdaric.lambda_runtime_marshaller import to_json

from . import channel as frames
from .channel import Channel

_LENGTH = struct.Struct(">I")
_LOG_HEAD = struct.Struct(">BQ")
_ERROR_LEVEL = 5


class ChannelRuntimeClient(LambdaRuntimeClient):  # type: ignore[misc]  # awslambdaric ships no types
    """What `awslambdaric.bootstrap.run` needs of a client.

    Asking for the first invocation is how AWS's bootstrap says that the handler is loaded: it sends READY.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__(os.environ.get("AWS_LAMBDA_RUNTIME_API", ""), False)
        self._channel = channel
        self._ready = False

    def wait_next_invocation(self) -> Any:
        """Block until the next INVOKE and return it as AWS's InvocationRequest. Raises ChannelClosed."""
        if not self._ready:
            self._ready = True
            self._channel.send(frames.READY, b"")
        kind, payload = self._channel.receive()
        if kind != frames.INVOKE:
            raise frames.ChannelClosed("frame type {} where INVOKE belongs".format(kind))
        (length,) = _LENGTH.unpack_from(payload)
        body = _LENGTH.size + length
        about = json.loads(payload[_LENGTH.size : body])
        return InvocationRequest(
            invoke_id=about["request_id"],
            x_amzn_trace_id=about.get("trace_id"),
            invoked_function_arn=about["function_arn"],
            deadline_time_in_ms=about["deadline_ms"],
            client_context=about.get("client_context"),
            cognito_identity=about.get("cognito_identity"),
            tenant_id=about.get("tenant_id"),
            content_type="application/json",
            event_body=payload[body:],
            invocation_id=None,
        )

    def post_invocation_result(
        self, invoke_id: str, result_data: Any, content_type: str = "", invocation_id: Optional[str] = None
    ) -> None:
        """Answer with the handler's result: text, or bytes that the function returned as they are."""
        body = result_data if isinstance(result_data, bytes) else result_data.encode("utf-8")
        self._channel.send(frames.RESPONSE, invoke_id.encode("ascii"), body)

    def post_invocation_error(
        self, invoke_id: str, error_response_data: str, xray_fault: str, invocation_id: Optional[str] = None
    ) -> None:
        """Answer with the error object, JSON text."""
        self._channel.send(frames.ERROR, invoke_id.encode("ascii"), error_response_data.encode("utf-8"))

    def post_init_error(self, error_response_data: Any, error_type_override: Optional[str] = None) -> None:
        """Say that INIT failed; AWS's bootstrap then exits."""
        self._channel.send(frames.INIT_ERROR, to_json(error_response_data).encode("utf-8"))


class ChannelLogSink:
    """Log events as LOG frames, in the shape of awslambdaric's own sinks.

    A forked child (multiprocessing) writes to stdout instead, which the node reads by lines.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def __enter__(self) -> "ChannelLogSink":
        return self

    def __exit__(self, *exc_info: object) -> None:
        """The channel outlives its sink."""

    def log(self, msg: str, frame_type: Optional[bytes] = None) -> None:
        """Send one event; the last of `frame_type`'s four bytes holds its level, from bit 2 up."""
        self._send(frame_type[3] >> 2 if frame_type else 0, msg)

    def log_error(self, message_lines: List[str]) -> None:
        """Send the lines of one error as one event."""
        self._send(_ERROR_LEVEL, "\n".join(message_lines))

    def _send(self, level: int, text: str) -> None:
        if not self._channel.owned:
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
            return
        head = _LOG_HEAD.pack(level, time.time_ns() // 1000)
        self._channel.send(frames.LOG, head, text.encode("utf-8"))
