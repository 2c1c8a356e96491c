"""What happens to functions in the background: creations and updates end, unused code goes.

The queue is the table itself: whatever is Pending or InProgress there is still to be done, so a node that was
killed goes on where it was, and no queue can overflow. Nothing here touches an environment.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ingle.model.errors import CallerError
from ingle.model.function import FunctionConfiguration, FunctionVersion
from ingle.model.states import LastUpdateStatus, State, check_state, check_update
from ingle.store.code import GRACE_SECONDS, CodeStore
from ingle.store.functions import Functions
from ingle.store.opt import OptDirectories

_log = logging.getLogger(__name__)

BATCH = 100  # versions that are settled in one transaction
HOUSEKEEPING_SECONDS = 600.0
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 60.0  # after a fault, doubled each time


class Lifecycle:
    """Brings functions to the end of their creation or update. `start` after the store, `close` before it."""

    def __init__(self, functions: Functions, code: CodeStore, opt: OptDirectories) -> None:
        self._functions = functions
        self._code = code
        self._opt = opt
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._further: list[Callable[[], Awaitable[None]]] = []

    def settle_also(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Have `settle` end what is under way besides functions, at every look after them."""
        self._further.append(settle)
        self.wake()  # to what an earlier life left

    async def start(self) -> None:
        """Remove code that an earlier life left unused, then begin with what it left unfinished."""
        await self.tidy(grace=0.0)
        self._work.set()
        self._tasks = [
            asyncio.create_task(self._settle_for_ever(), name="function-lifecycle"),
            asyncio.create_task(self._collect_for_ever(), name="code-housekeeping"),
        ]

    def wake(self) -> None:
        """There is a version to settle."""
        self._work.set()

    async def close(self) -> None:
        """Stop; what is unfinished stays so in the store. Twice is no error."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def settle_all(self) -> None:
        """End every creation and update that the store knows to be under way.

        Where one cannot end, by a fault of ours, that is raised after the others have ended.
        """
        while unsettled := await self._functions.unsettled(BATCH):
            ended: list[tuple[FunctionVersion, str]] = []
            fault: Exception | None = None
            for version in unsettled:
                try:
                    ended.append((await self._settled(version), version.configuration.revision_id))
                except Exception as error:
                    fault = error
            await self._functions.settle(ended)
            if fault is not None:
                raise fault
        for settle in self._further:
            await settle()

    async def tidy(self, grace: float = GRACE_SECONDS) -> None:
        """Remove the code of functions and layers that nothing has referred to for `grace` seconds."""
        await self._opt.forget_deleted(grace)
        await self._code.collect(self._referenced, grace)

    async def _settle_for_ever(self) -> None:
        pause: float | None = None  # None: until there is work
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._work.wait()
            self._work.clear()
            try:
                await self.settle_all()
                pause = None
            except Exception:  # whatever one version's fault is, the next ones are to be settled as well
                _log.exception("a function could not be settled; it is tried again")
                pause = min(2 * (pause or FIRST_RETRY_SECONDS / 2), LAST_RETRY_SECONDS)

    async def _collect_for_ever(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            try:
                await self.tidy()
            except Exception:  # there is always a next time
                _log.exception("unused code could not be removed; it is tried again")

    async def _referenced(self) -> frozenset[str]:
        return await self._functions.referenced_code() | await self._opt.referenced()

    async def _settled(self, version: FunctionVersion) -> FunctionVersion:
        try:
            await self._code.ensure_unpacked(version.code_sha256)
            await self._opt.ensure(version.configuration)
        except CallerError as error:  # a ServiceError is ours, such as a full disk: tried again
            return replace(version, configuration=failed(version.configuration, error.message))
        return replace(version, configuration=succeeded(version.configuration))


def succeeded(configuration: FunctionConfiguration) -> FunctionConfiguration:
    """The configuration after its creation or update ended well."""
    check_state(configuration.state, State.ACTIVE)
    check_update(configuration.last_update_status, LastUpdateStatus.SUCCESSFUL)
    return replace(
        configuration,
        revision_id=str(uuid.uuid4()),
        state=State.ACTIVE,
        state_reason=None,
        state_reason_code=None,
        last_update_status=LastUpdateStatus.SUCCESSFUL,
        last_update_status_reason=None,
        last_update_status_reason_code=None,
    )


def failed(configuration: FunctionConfiguration, reason: str) -> FunctionConfiguration:
    """The configuration after its package turned out to be unusable: a creation fails the function, an
    update only itself."""
    code = "InvalidZipFileException"
    check_update(configuration.last_update_status, LastUpdateStatus.FAILED)
    ended = replace(
        configuration,
        revision_id=str(uuid.uuid4()),
        last_update_status=LastUpdateStatus.FAILED,
        last_update_status_reason=reason,
        last_update_status_reason_code=code,
    )
    if configuration.state is not State.PENDING:
        return ended
    check_state(configuration.state, State.FAILED)
    return replace(ended, state=State.FAILED, state_reason=reason, state_reason_code=code)
