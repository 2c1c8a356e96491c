"""Errors on the wire: the ones that the protocol itself raises, and how every error is rendered.

    CallerError
    ├── SerializationError      the body's JSON is broken or of the wrong types
    ├── UnknownOperation        no operation has this method and path
    ├── UnknownTarget           no operation has this target, or a query names none
    ├── InvalidAction           no operation has this action
    └── SignatureError          the request's signature: missing parts, wrong, too old

Modelled errors take the spelling of their members (`message` or `Message`, `Type`) from the exception's
shape. What AWS's service framework says itself is in no model; its spellings are in `_MESSAGE_MEMBER`, as
recorded from AWS's answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from ingle.model.errors import CallerError, IngleError
from ingle.wire.message import Response


class SerializationError(CallerError):
    """The body cannot be read as the operation's input: broken JSON, or a value of another type."""

    code = "SerializationException"


class UnknownOperation(CallerError):
    """No operation has this method and path.

    AWS's front answers so before it looks at credentials, in XML whatever the service's protocol.
    """

    code = "AccessDeniedException"
    status = 403

    def __init__(self) -> None:
        super().__init__("Unable to determine service/operation name to be authorized")


class UnknownTarget(CallerError):
    """The JSON protocol's `X-Amz-Target` names no operation of the service, or a query has no `Action`."""

    code = "UnknownOperationException"

    def __init__(self) -> None:
        super().__init__("The operation requested does not exist or was not specified.")


class InvalidAction(CallerError):
    """The query protocol's `Action` names no operation of the service."""

    code = "InvalidAction"

    def __init__(self, action: str) -> None:
        super().__init__(f"The action {action} is not valid for this endpoint.")


class SignatureError(CallerError):
    """The signature of a request. See `CommonErrors` in each service's API reference."""

    status = 403


class IncompleteSignature(SignatureError):
    code = "IncompleteSignatureException"


class MissingAuthenticationToken(SignatureError):
    code = "MissingAuthenticationTokenException"

    def __init__(self) -> None:
        super().__init__("Missing Authentication Token")


class InvalidSignature(SignatureError):
    code = "InvalidSignatureException"


# The framework's own errors: which of the two spellings their body has.
_MESSAGE_MEMBER = {
    "AccessDeniedException": "Message",
    "RequestEntityTooLargeException": "Message",
    "SerializationException": "Message",
}


def render_error(error: IngleError, request_id: str, shapes: Mapping[str, Any]) -> Response:
    """`error` as a rest-json answer.

    `shapes` are the service's exception shapes by name (botocore structure shapes). The body has `Type`,
    the message under the member that the shape names, and those of `error.fields` that are not None.
    """
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code, **error.headers}
    if isinstance(error, UnknownOperation):
        return Response(error.status, headers, _xml(error))
    headers["Content-Type"] = "application/json"
    shape = shapes.get(error.code)
    body: dict[str, object] = {"Type": error.type, _message_member(error.code, shape): error.message}
    body.update((name, value) for name, value in error.fields.items() if value is not None)
    return Response(error.status, headers, json.dumps(body, separators=(",", ":")).encode())


def _message_member(code: str, shape: Any) -> str:
    if shape is not None:
        for name in shape.members:
            if name.lower() == "message":
                return str(name)
    return _MESSAGE_MEMBER.get(code, "message")


def _xml(error: IngleError) -> bytes:
    message = escape(error.message)
    return f"<{error.code}>\n  <Message>{message}</Message>\n</{error.code}>\n".encode()
