"""The `bootstrap` of a function that brings its own runtime: which file it is, and what is wrong with it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingle.sandbox.api import Executable
from ingle.worker import companions

ERROR_TYPE = "Runtime.InvalidEntrypoint"
_NAME = "bootstrap"
# As Go says it: Lambda's init is written in Go.
_ERRORS: dict[int, str] = {
    errno.ENOENT: "no such file or directory",  # also where the interpreter in its first line is missing
    errno.EACCES: "permission denied",
    errno.ENOEXEC: "exec format error",
    errno.EISDIR: "permission denied",
}


@dataclass(frozen=True)
class Bootstrap:
    """`executable`: what to run, or None, where there is none; `fault` then says so in Lambda's words.
    `path`: where Lambda has it. `extensions`: the external ones to run beside it, which the sandbox has below
    `opt`."""

    executable: Executable | None
    path: str
    fault: str = ""
    extensions: tuple[str, ...] = ()
    opt: str = "/opt"


def find(
    code: Path, layers: Path | None, variables: Mapping[str, str], paths: Mapping[str, str]
) -> Bootstrap:
    """The bootstrap in the package, else the one in the layers. `variables`: the function's environment.
    `paths`: where the sandbox has Lambda's directories, where it has them elsewhere."""
    places = [(code, "/var/task"), *([(layers, "/opt")] if layers is not None else [])]
    for directory, target in places:
        file = directory / _NAME
        if file.exists():
            path = f"{target}/{_NAME}"
            inside = f"{paths.get(target, target)}/{_NAME}"
            if not file.is_file() or not os.stat(file).st_mode & 0o111:
                return Bootstrap(None, path, _cannot_run(path, errno.EACCES))
            cwd = paths.get("/var/task", "/var/task")
            executable = Executable((inside,), variables, cwd)
            return Bootstrap(executable, path, "", companions.names(layers), paths.get("/opt", "/opt"))
    return Bootstrap(None, "", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


def launch_fault(path: str, error: str) -> str | None:
    """What the launcher's `error` says about the bootstrap at `path`, in Lambda's words; None where it is
    not the bootstrap's fault."""
    found = next((number for number in _ERRORS if f"[Errno {number}]" in error), None)
    return None if found is None else _cannot_run(path, found)


def _cannot_run(path: str, number: int) -> str:
    return f"fork/exec {path}: {_ERRORS[number]}"
