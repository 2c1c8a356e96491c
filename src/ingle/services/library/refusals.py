"""Errors of our own about other services, in the form that the asking client reads: JSON, or XML of S3 or of
the query protocol. The request tells which, as no service model is loaded for the long tail."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from xml.sax.saxutils import escape

from ingle.model.identifiers import new_request_id
from ingle.services import Streamed
from ingle.wire.message import Request


def refusal(name: str, request: Request, status: int, code: str, message: str) -> Streamed:
    """The error `code` with `message` as an answer to `request`, which is for the service `name`."""
    request_id = new_request_id()
    kind = request.headers.get("content-type", "")
    if name == "s3":
        media, text = "application/xml", _S3.format(code, escape(message), request_id)
    elif kind.startswith("application/x-www-form-urlencoded") or "Action=" in request.query:
        fault = "Sender" if status < 500 else "Receiver"
        media, text = "text/xml", _QUERY.format(fault, code, escape(message), request_id)
    else:
        media = "application/x-amz-json-1.1" if "x-amz-target" in request.headers else "application/json"
        text = json.dumps({"__type": code, "message": message})
    body = text.encode()
    headers = {
        "content-type": media,
        "x-amzn-errortype": code,
        "x-amzn-requestid": request_id,
        "content-length": str(len(body)),
    }
    return Streamed(status, tuple(headers.items()), _whole(b"" if request.method == "HEAD" else body))


_S3 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{}</Code><Message>{}</Message><RequestId>{}</RequestId></Error>"
)
_QUERY = (
    "<ErrorResponse><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error>"
    "<RequestId>{}</RequestId></ErrorResponse>"
)


async def _whole(body: bytes) -> AsyncGenerator[bytes]:
    yield body
