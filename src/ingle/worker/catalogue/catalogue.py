"""The runtimes of this machine, over all families."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ingle.worker.catalogue.family import Installation, Missing, RuntimeFamily

_log = logging.getLogger(__name__)


class Catalogue:
    """Answers which runtimes there are and prepares their directories, each once and only when needed.

    `discover` comes first and blocks; it belongs before the event loop and before privileges are dropped.
    """

    def __init__(self, families: Sequence[RuntimeFamily], *, allow_nearest: bool = False) -> None:
        self._families = {family.name: family for family in families}
        self._allow_nearest = allow_nearest
        self._found: dict[str, Installation] = {}
        self._preparing: dict[str, asyncio.Task[None]] = {}
        self._finishing: set[asyncio.Task[None]] = set()

    def discover(self) -> tuple[Installation, ...]:
        """Look for every family's interpreters (again); at most 5 s. Returns `installations`."""
        self._found = {
            found.runtime: found for family in self._families.values() for found in family.discover()
        }
        return self.installations

    @property
    def installations(self) -> tuple[Installation, ...]:
        return tuple(self._found.values())

    def availability(self, runtime: str) -> Installation | Missing:
        """The installation that serves `runtime` (AWS's identifier), or how to get one. No I/O."""
        found = self._found.get(runtime)
        if found is not None:
            return found
        family = self._family(runtime)
        if family is None:
            known = ", ".join(sorted(self._families))
            return Missing(runtime, f"Runtime {runtime} is not one that Ingle runs yet (it has: {known}).")
        if self._allow_nearest and (nearest := family.nearest(runtime, self.installations)):
            return nearest
        return family.missing(runtime, self.installations)

    async def prepare(self, installation: Installation) -> None:
        """Make the installation's directory, unless it is there; concurrent calls share the work.

        Raises StagingError; the next call tries again.
        """
        key = installation.directory
        task = self._preparing.get(key)
        if task is None:
            task = asyncio.create_task(self._stage(installation), name=f"stage {installation.runtime}")
            self._preparing[key] = task
        try:
            await asyncio.shield(task)
        except BaseException:
            if task.done() and self._preparing.get(key) is task:
                del self._preparing[key]
            raise

    async def close(self) -> None:
        """Wait for work in progress; its own deadlines bound the wait."""
        tasks = [*self._preparing.values(), *self._finishing]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stage(self, installation: Installation) -> None:
        family = self._family(installation.runtime)
        assert family is not None, "an installation comes from a family"
        await asyncio.to_thread(family.stage, installation)
        task = asyncio.create_task(self._finish(family, installation))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _finish(self, family: RuntimeFamily, installation: Installation) -> None:
        try:
            await asyncio.to_thread(family.finish, installation)
        except Exception as error:  # functions run without it, only slower
            _log.warning("%s: %s", installation.runtime, error)

    def _family(self, runtime: str) -> RuntimeFamily | None:
        return next((f for name, f in self._families.items() if runtime.startswith(name)), None)
