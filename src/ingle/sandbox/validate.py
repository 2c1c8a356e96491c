"""What the launcher accepts from a node that may have been taken over. Raises Refused with the reason.

Types are checked before (`datagrams.build`); here come patterns, ranges, and paths as the kernel sees them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from ingle.sandbox.api import Bind, Executable, Limits, SandboxError, SandboxSpec

_NAME = re.compile(r"[a-zA-Z0-9-]{1,64}")
_TARGET = re.compile(r"/(?:opt|(?:var|mnt)/[A-Za-z0-9_-][A-Za-z0-9._-]*)(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_MIB = 1 << 20
_RANGES = {
    "memory_bytes": (16 * _MIB, 1 << 40),
    "tmp_bytes": (_MIB, 1 << 40),
    "cpu_share": (1, 262_144),
    "processes": (1, 1 << 20),
    "descriptors": (16, 1 << 20),
}
_MOST_BINDS = 32
_MOST_WORDS = 4096


class Refused(SandboxError):
    """A request that the launcher does not accept, from anyone."""


def check_spec(spec: SandboxSpec) -> None:
    if not _NAME.fullmatch(spec.name):
        raise Refused(f"sandbox name {spec.name!r:.80} does not match {_NAME.pattern}")
    _check_limits(spec.limits)
    _check_binds(spec.binds)


def _check_binds(binds: tuple[Bind, ...]) -> None:
    if len(binds) > _MOST_BINDS:
        raise Refused(f"{len(binds)} binds, more than {_MOST_BINDS}")
    targets = [bind.target for bind in binds]
    for target in targets:
        if not _TARGET.fullmatch(target) or len(target) > 512:
            raise Refused(f"target {target!r:.80} is not a directory below /opt, /var or /mnt")
    if len(set(targets)) != len(targets):
        raise Refused("two binds have the same target")


def _check_limits(limits: Limits) -> None:
    for name, (low, high) in _RANGES.items():
        value = getattr(limits, name)
        if not low <= value <= high:
            raise Refused(f"{name} {value} is not between {low} and {high}")
    if limits.cpu_quota is not None and not 0.01 <= limits.cpu_quota <= 1024:
        raise Refused(f"cpu_quota {limits.cpu_quota} is not between 0.01 and 1024")


def check_executable(program: Executable) -> None:
    words = (*program.argv, *program.environ, *program.environ.values(), program.cwd)
    if not program.argv or len(words) > _MOST_WORDS or any("\0" in word for word in words):
        raise Refused("an executable needs an argument list, of words without NUL")
    if any("=" in name or not name for name in program.environ):
        raise Refused("the name of an environment variable is empty or holds '='")
    if not program.argv[0].startswith("/") or not program.cwd.startswith("/"):
        raise Refused("an executable and its directory are given by absolute paths")
    _check_binds(program.binds)


def open_source(bind: Bind, roots: Iterable[str]) -> int:
    """An O_PATH descriptor of the bind's source, which lies below a root.

    Opened first and looked at then, so that nobody can exchange a path's symlinks in between."""
    try:
        fd = os.open(bind.source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Refused(f"source {bind.source!r:.200}: {error}") from None
    real = os.readlink(f"/proc/self/fd/{fd}")
    if not any(below(real, root) for root in roots):
        os.close(fd)
        raise Refused(f"source {bind.source!r:.200} is not below one of the launcher's roots")
    return fd


def below(path: str, root: str) -> bool:
    """Whether the resolved `path` is below the resolved directory `root`, or that itself."""
    return path == root or path.startswith(root.rstrip("/") + "/")
