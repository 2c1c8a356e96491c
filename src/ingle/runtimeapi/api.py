"""All that the endpoints of one environment act upon."""

from __future__ import annotations

from dataclasses import dataclass

from ingle.runtimeapi import extensions as e
from ingle.runtimeapi.extensions import Extension, Extensions
from ingle.runtimeapi.message import ApiError, Call
from ingle.runtimeapi.session import RuntimeSession


@dataclass(frozen=True)
class Function:
    """What an extension is told about the function at its registration."""

    name: str
    version: str
    handler: str
    account: str


class EnvironmentApi:
    """`runtime` is the session of the runtime that runs now; None while none runs, and for good where the
    runtime is one of Ingle's own, which do not speak HTTP."""

    def __init__(self, function: Function, listener: e.Listener) -> None:
        self.function = function
        self.extensions = Extensions(listener)
        self.runtime: RuntimeSession | None = None

    def session(self) -> RuntimeSession:
        """The runtime's session. Raises ApiError for calls of who is no runtime."""
        if self.runtime is None or self.runtime.closed:
            raise ApiError(403, "InvalidStateTransition", "The runtime of this function does not speak HTTP")
        return self.runtime

    def extension(self, call: Call) -> Extension:
        """The extension that calls. Raises ApiError as Lambda refuses one without a known identifier."""
        identifier = call.headers.get("lambda-extension-identifier", "")
        if not identifier:
            raise ApiError(
                403,
                "Extension.MissingExtensionIdentifier",
                "Missing Lambda-Extension-Identifier header",
            )
        if not _is_uuid(identifier):
            raise ApiError(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
        found = self.extensions.find(identifier.lower())
        if found is None:
            raise ApiError(403, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        return found


def _is_uuid(text: str) -> bool:
    groups = text.split("-")
    lengths = [len(group) for group in groups]
    return lengths == [8, 4, 4, 4, 12] and all(c in "0123456789abcdefABCDEF" for g in groups for c in g)
