"""What an AWS protocol has to say: which operation, how to read it, how to answer it, how errors look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ingle.model.errors import IngleError
from ingle.wire.message import Request, Response

Parse = Callable[[Request, Mapping[str, str]], dict[str, Any]]
Serialize = Callable[[Mapping[str, Any], str], Response]

# Errors that AWS's service framework raises itself, and their codes in the query protocol.
FRAMEWORK_QUERY_CODES = {
    "MissingRequiredParameterException": "MissingParameter",
    "SerializationException": "MalformedInput",
    "ServiceException": "InternalFailure",
    "UnknownOperationException": "InvalidAction",
}


class WireProtocol(Protocol):
    """One protocol, for one service. Operations are botocore's operation models."""

    def match(self, request: Request) -> tuple[str, Mapping[str, str]]:
        """The name of the operation that `request` asks for, and its labels. Raises an IngleError."""
        ...

    def parser(self, operation: Any) -> Parse:
        """Reads a request and its labels into the members of the input; raises SerializationError."""
        ...

    def serializer(self, operation: Any) -> Serialize:
        """Writes the members of the output, with the request's id."""
        ...

    def render(self, error: IngleError, request_id: str) -> Response:
        """The answer that says `error`."""
        ...


def query_code(error: IngleError, shape: Any, own: Mapping[str, str]) -> str:
    """The code of `error` in the query protocol: the service's own, the model's, or the name as it is.

    `shape` is the exception's shape where the model has one.
    """
    if error.code in own:
        return own[error.code]
    if shape is not None:
        return str(shape.metadata.get("error", {}).get("code", error.code))
    return FRAMEWORK_QUERY_CODES.get(error.code, error.code.removesuffix("Exception"))


def fault(error: IngleError) -> str:
    """Who is to blame, in the query protocol's words."""
    return "Sender" if error.status < 500 else "Receiver"
