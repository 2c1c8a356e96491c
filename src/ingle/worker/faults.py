"""What a caller is told when a function failed in a way that its runtime could not report itself.

Error types and texts are those of Lambda's answers:
https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
"""

from __future__ import annotations

import json
import signal

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD, Outcome, function_failure
from ingle.sandbox.api import Exit

# As Go's syscall package names them: Lambda's init is written in Go.
_SIGNALS: dict[int, str] = {
    signal.SIGHUP: "hangup",
    signal.SIGINT: "interrupt",
    signal.SIGQUIT: "quit",
    signal.SIGILL: "illegal instruction",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGKILL: "killed",
    signal.SIGUSR1: "user defined signal 1",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGUSR2: "user defined signal 2",
    signal.SIGPIPE: "broken pipe",
    signal.SIGALRM: "alarm clock",
    signal.SIGTERM: "terminated",
}


def exit_error(exit: Exit | None) -> tuple[str, str]:
    """Error type and message for a runtime that ended; None where it only closed its channel."""
    if exit is not None and exit.signal is not None:
        name = _SIGNALS.get(exit.signal, f"signal {exit.signal}")
        return _exit_type(exit), f"Runtime exited with error: signal: {name}"
    if exit is not None and exit.code:
        return _exit_type(exit), f"Runtime exited with error: exit status {exit.code}"
    return "Runtime.ExitError", "Runtime exited without providing a reason"


def _exit_type(exit: Exit) -> str:
    return "Runtime.OutOfMemory" if exit.out_of_memory else "Runtime.ExitError"


def response_too_large(length: int) -> Outcome:
    """A result of `length` bytes, more than Lambda takes."""
    return function_failure(
        "Function.ResponseSizeTooLarge",
        f"Response payload size ({length} bytes) exceeded maximum allowed payload size "
        f"({MAX_RESPONSE_PAYLOAD} bytes).",
    )


def error_type(payload: bytes) -> str | None:
    """The errorType of an error object that a runtime sent; None where it has none."""
    try:
        error = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    kind = error.get("errorType") if isinstance(error, dict) else None
    return kind if isinstance(kind, str) else None
