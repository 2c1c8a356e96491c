"""The catalogue in the words of the worker and the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from ingle.model.errors import ServiceError
from ingle.sandbox.api import Bind, Zygote
from ingle.worker.catalogue.catalogue import Catalogue
from ingle.worker.catalogue.family import Installation, Missing, StagingError
from ingle.worker.worker import Supply

_PREPARE_WITHIN = timedelta(seconds=60)


def zygotes(installations: Iterable[Installation]) -> tuple[Zygote, ...]:
    """The zygotes of those that have a program to fork."""
    return tuple(zygote(one) for one in installations if one.program)


def zygote(installation: Installation) -> Zygote:
    """The zygote of an installation; it can start once `Catalogue.prepare` has returned."""
    return Zygote(
        name=installation.runtime,
        interpreter=installation.interpreter,
        program=installation.program,
        prefixes=installation.prefixes,
        masks=installation.masks,
    )


class CatalogueSupplier:
    """The worker's `RuntimeSupplier`: prepares a runtime's directory at its first use."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def supply(self, runtime: str) -> Supply:
        """The runtime, its directory made. Raises ServiceError where this host has none or cannot make it."""
        found = self._catalogue.availability(runtime)
        if isinstance(found, Missing):
            raise ServiceError(found.message)
        if not found.program:
            return Supply(program=None, binds=(), version=f"provided:{found.version}", variables={})
        try:
            async with asyncio.timeout(_PREPARE_WITHIN.total_seconds()):
                await self._catalogue.prepare(found)
        except (StagingError, TimeoutError) as error:
            raise ServiceError(f"Runtime {runtime} could not be prepared: {error}") from error
        return Supply(
            program=found.runtime,
            binds=(Bind(found.directory, "/var/runtime"),),
            version=f"python:{found.version}",
            variables={"PYTHONPATH": "/var/runtime"},
        )
