"""What every runtime family (Python; Node and Java to come) answers to the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class StagingError(Exception):
    """The runtime directory could not be made; the message says why and what to do."""


@dataclass(frozen=True)
class Installation:
    """One runtime that functions can run on.

    runtime: AWS's identifier, such as "python3.12". version: the interpreter's own, such as "3.12.1".
    interpreter: absolute host path. prefixes: host directories that the interpreter needs, to be shown at the
    same path inside a sandbox (none for what lies below /usr, which is always there). masks: directories
    inside of those that must appear empty. directory: host path of what is shown as /var/runtime; it exists
    after `Catalogue.prepare`. program: the file in it that a zygote loads; empty, as are interpreter and
    directory, where functions bring their own runtime. notes: what a user is to be told.
    """

    runtime: str
    version: str
    interpreter: str
    prefixes: tuple[str, ...]
    masks: tuple[str, ...]
    directory: str
    program: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    """A runtime that this machine does not have; `message` says how to get it."""

    runtime: str
    message: str


class RuntimeFamily(Protocol):
    """The runtimes of one language. Everything here blocks: the catalogue calls it in threads."""

    name: str

    def discover(self) -> Sequence[Installation]:
        """Look for interpreters; one installation a runtime. At most 5 s, nearly nothing when cached."""
        ...

    def missing(self, runtime: str, have: Sequence[Installation]) -> Missing:
        """Say how to get a runtime of this family."""
        ...

    def nearest(self, runtime: str, have: Sequence[Installation]) -> Installation | None:
        """The installation to take for a runtime that is missing, its notes saying so."""
        ...

    def stage(self, installation: Installation) -> None:
        """Make `installation.directory`, unless it is there. Raises StagingError."""
        ...

    def finish(self, installation: Installation) -> None:
        """The rest of staging, which a function can do without for the moment (byte-compiling the SDK)."""
        ...
