"""The messages between node and launcher, and between launcher and zygote.

Node to launcher: a request carries an `id` which its one answer (`Done` or `Failed`) repeats. `Signal` has
no answer. Launcher to node, unasked: `Exited`. The first message on a fresh socket is the node's
`HostConfig`, answered by `Hello` or `Failed` (id 0).

Zygote messages are plain dicts (the zygote runs on interpreters older than this package's floor): they are
described in `zygote.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingle.sandbox.api import Executable, Isolation, SandboxSpec
from ingle.sandbox.config import HostConfig


@dataclass(frozen=True)
class Hello:
    isolation: Isolation


@dataclass(frozen=True)
class Create:
    """Answered by `Done` with `held` naming the descriptors that come along, in order, and `pid` where
    `program` runs in it already."""

    id: int
    spec: SandboxSpec
    program: str | Executable | None = None


@dataclass(frozen=True)
class Launch:
    """Two descriptors come along: channel, output. Answered by `Done` with `pid`, once confined."""

    id: int
    name: str
    program: str | Executable


@dataclass(frozen=True)
class Stop:
    id: int
    name: str


@dataclass(frozen=True)
class Destroy:
    id: int
    name: str


@dataclass(frozen=True)
class Warm:
    id: int
    zygote: str


@dataclass(frozen=True)
class Close:
    id: int


@dataclass(frozen=True)
class Signal:
    """For drivers without a freezer file: stop or continue the sandbox's processes."""

    name: str
    action: Literal["freeze", "thaw"]


@dataclass(frozen=True)
class Done:
    """held: what each descriptor that comes along is: "port:N", "freezer", "peak" or "quota"; "channel" and
    "output" of a program that runs already.
    paths: where targets of the specification really are, for drivers that cannot mount."""

    id: int
    pid: int = 0
    held: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Failed:
    id: int
    error: str


@dataclass(frozen=True)
class Exited:
    name: str
    pid: int
    code: int | None
    signal: int | None
    out_of_memory: bool


TO_LAUNCHER = (HostConfig, Create, Launch, Stop, Destroy, Warm, Close, Signal)
TO_NODE = (Hello, Done, Failed, Exited)
