"""Runtimes as a worker uses them: the catalogue's installations as zygotes and as supplies."""

from __future__ import annotations

from ingle.model.errors import ServiceError
from ingle.sandbox.api import Bind, Zygote
from ingle.worker.catalogue import Catalogue, Installation, Missing, StagingError
from ingle.worker.worker import Supply


def zygotes(catalogue: Catalogue) -> tuple[Zygote, ...]:
    """The zygotes that a sandbox host may be asked for; none of them is started yet."""
    return tuple(
        Zygote(one.runtime, one.interpreter, one.program, one.prefixes, one.masks)
        for one in catalogue.installations
    )


class CatalogueSupplier:
    """`RuntimeSupplier` over a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def supply(self, runtime: str) -> Supply:
        """See `RuntimeSupplier.supply`."""
        found = self._catalogue.availability(runtime)
        if isinstance(found, Missing):
            raise ServiceError(found.message)
        try:
            await self._catalogue.prepare(found)
        except StagingError as error:
            raise ServiceError(f"Runtime {runtime} could not be prepared: {error}") from error
        return Supply(
            program=found.runtime,
            binds=(Bind(found.directory, "/var/runtime"),),
            version=_version(found),
            variables={},
        )


def _version(installation: Installation) -> str:
    """The runtime's version as INIT_START writes it: `python:3.12.v1` for CPython 3.12.1."""
    major, minor, patch = (installation.version.split(".") + ["0", "0"])[:3]
    return f"{installation.runtime.rstrip('0123456789.')}:{major}.{minor}.v{patch}"
