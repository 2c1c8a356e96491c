"""The OS-only runtimes: a function brings its own runtime, an executable `bootstrap`.

They are on every machine. What differs from Lambda is the system around the bootstrap: this machine's own,
not Amazon Linux. A bootstrap linked against another C library than this machine's does not run.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-provided.html
"""

from __future__ import annotations

from collections.abc import Sequence

from ingle.worker.catalogue.family import Installation, Missing

_VERSIONS = {"provided.al2023": "al2023", "provided.al2": "al2", "provided": "al1"}


class ProvidedFamily:
    """A `RuntimeFamily` with nothing to look for, and nothing to stage."""

    name = "provided"

    def discover(self) -> list[Installation]:
        return [
            Installation(runtime, version, interpreter="", prefixes=(), masks=(), directory="", program="")
            for runtime, version in _VERSIONS.items()
        ]

    def missing(self, runtime: str, have: Sequence[Installation]) -> Missing:
        there = ", ".join(_VERSIONS)
        return Missing(runtime, f"Runtime {runtime} is none of the OS-only runtimes ({there}).")

    def nearest(self, runtime: str, have: Sequence[Installation]) -> Installation | None:
        return None

    def stage(self, installation: Installation) -> None:
        """There is no directory to make."""

    def finish(self, installation: Installation) -> None:
        """There is nothing left to do."""
