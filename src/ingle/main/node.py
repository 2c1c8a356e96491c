"""One node, put together: every room is made here, told about its neighbours, and ended in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

from ingle import __version__
from ingle.assignment.assigner import Assigner, AssignmentSettings
from ingle.controlplane.concurrency import restore_reserved
from ingle.controlplane.configuration import Configurations
from ingle.controlplane.handlers import Handlers
from ingle.controlplane.lifecycle import Lifecycle
from ingle.controlplane.location import CodeLocations
from ingle.controlplane.mappinglifecycle import MappingLifecycle
from ingle.controlplane.sources import PackageSources
from ingle.counting.counter import Counter
from ingle.edge.app import App, LocalRoute
from ingle.edge.hot import HotPath
from ingle.edge.identity import Defaults
from ingle.edge.lambda_api import LambdaApi
from ingle.edge.local import CodeDownload, Health
from ingle.edge.reset import Reset
from ingle.edge.server import EdgeServer, EdgeSettings
from ingle.frontend.frontend import Frontend
from ingle.main.invoking import register_invoke
from ingle.main.neighbours import PackageObjects, embed_library, use_remotes
from ingle.main.resetting import Resetting
from ingle.main.resources import Parts, register_all
from ingle.main.wiring import RuntimeAvailability, memory_budget_mb, worker_settings
from ingle.model.clock import SystemClock
from ingle.model.quotas import AccountLimits
from ingle.model.settings import Settings
from ingle.sandbox.host import LauncherHost
from ingle.services import Services
from ingle.services.library import Roles
from ingle.services.logs import Logs
from ingle.services.sqs import Sqs
from ingle.store.aliases import Aliases
from ingle.store.code import CodeStore
from ingle.store.concurrency import Concurrency
from ingle.store.database import Database
from ingle.store.directory import FunctionDirectory
from ingle.store.functions import Functions
from ingle.store.layers import Layers
from ingle.store.logdatabase import open_logs
from ingle.store.mappings import EventSourceMappings
from ingle.store.opt import OptDirectories
from ingle.telemetry.logs import BufferedLogs
from ingle.worker.catalogue import Catalogue
from ingle.worker.catalogue.supplier import CatalogueSupplier
from ingle.worker.worker import Worker

_TICK = 0.05  # seconds between two looks at who is to be frozen
_SWEEP = 1.0  # seconds between two looks at who has waited or idled too long
_log = logging.getLogger(__name__)


class Node:
    """Made before the event loop; `start` and `stop` on it."""

    def __init__(self, settings: Settings, directory: Path, host: LauncherHost, catalogue: Catalogue) -> None:
        self.failure: str | None = None  # why the node stopped, where nobody asked it to
        self._settings = settings
        self._directory = directory
        self._host = host
        self._catalogue = catalogue
        self._stack = contextlib.AsyncExitStack()

    async def start(self, listener: socket.socket, stop: Callable[[], None]) -> None:
        """Serve on `listener`. `stop` is called where the node cannot go on; `failure` then says why.

        Raises ServiceError where the data directory cannot be used.
        """
        self._host.attach(lambda: self._launcher_lost(stop))
        self._stack.push_async_callback(self._host.close)
        self._stack.push_async_callback(self._catalogue.close)
        clock = SystemClock()
        limits = AccountLimits(concurrent_executions=self._settings.concurrency)

        database = await Database.open(self._directory / "ingle.db")
        self._stack.push_async_callback(database.close)
        functions = Functions(database)
        code = CodeStore(self._directory / "code", clock)
        await code.prepare()
        self._stack.push_async_callback(code.close)
        opt = OptDirectories(Layers(database), code, clock)
        lifecycle = Lifecycle(functions, code, opt)
        await lifecycle.start()
        self._stack.push_async_callback(lifecycle.close)

        logs_database = await open_logs(self._directory / "logs.db")
        self._stack.push_async_callback(logs_database.close)
        cloudwatch_logs = Logs(logs_database, clock)
        cloudwatch_logs.start()
        self._stack.push_async_callback(cloudwatch_logs.close)
        logs = BufferedLogs(cloudwatch_logs.sink)
        logs.start()
        self._stack.push_async_callback(logs.close)
        own_network = self._host.isolation.level != "process" and self._host.isolation.network != "host"
        worker = Worker(
            self._host,
            CatalogueSupplier(self._catalogue),
            logs,
            worker_settings(self._settings, own_network, listener.getsockname()[1]),
            self._serve_inside,
        )
        assigner = Assigner(
            worker,
            AssignmentSettings(
                memory_budget_mb=memory_budget_mb(self._settings),
                keep_alive=self._settings.keep_alive,
                freeze_after=self._settings.freeze_after,
            ),
        )
        self._stack.push_async_callback(assigner.close)
        aliases, concurrency = Aliases(database, functions), Concurrency(database, limits)
        counter = Counter(limits.concurrent_executions)
        await restore_reserved(concurrency, counter)
        frontend = Frontend(FunctionDirectory(functions, aliases, code, opt), counter, assigner)

        locations = CodeLocations(code, clock, secrets.token_bytes(32))
        configurations = Configurations(clock, RuntimeAvailability(self._catalogue))
        handlers = Handlers()
        mapping_lifecycle = MappingLifecycle(EventSourceMappings(database), clock)
        mapping_lifecycle.start()
        self._stack.push_async_callback(mapping_lifecycle.close)
        services = Services()
        parts = Parts(
            database,
            functions,
            code,
            lifecycle,
            configurations,
            locations,
            limits,
            clock,
            mapping_lifecycle,
            aliases,
            concurrency,
            counter,
            PackageSources(PackageObjects(services)),
            Roles(services) if self._settings.check_roles else None,
        )
        register_all(handlers, parts)
        register_invoke(handlers, frontend)

        sqs = Sqs(database, clock)
        await sqs.start()
        self._stack.push_async_callback(sqs.close)
        services.add("sqs", sqs)
        services.add("logs", cloudwatch_logs)
        defaults = Defaults()
        port = listener.getsockname()[1]
        library = embed_library(services, self._settings, self._directory, port, defaults)
        self._stack.push_async_callback(library.close)
        use_remotes(services, self._settings)

        resetting = Resetting((database, logs_database), handlers, sqs, cloudwatch_logs, library)
        api = LambdaApi(handlers)
        local: dict[str, LocalRoute] = {
            "health": Health(lambda: self._facts(assigner)),
            "code": CodeDownload(locations.verify),
            "reset": Reset(resetting.reset, defaults),
        }
        hot = HotPath(frontend, defaults, api.render_hot)
        self._edge = EdgeServer(EdgeSettings(), App(api, local, defaults, services), hot)
        self._spawn(_every(_TICK, assigner.tick))
        self._spawn(_every(_SWEEP, assigner.sweep))
        await self._edge.start(listener)
        self._stack.push_async_callback(self._edge.stop)
        self._stack.callback(sqs.end_polls)  # or a long poll would hold up the end

    async def stop(self) -> None:
        """End everything, in the reverse order of its start; each part has a deadline of its own."""
        await self._stack.aclose()

    async def _serve_inside(self, listener: socket.socket) -> asyncio.Server:
        return await self._edge.serve_inside(listener)

    def _launcher_lost(self, stop: Callable[[], None]) -> None:
        """Only root can make another launcher, and this process is not root any more."""
        self.failure = "the sandbox launcher ended; no function can run without it: start Ingle again"
        _log.error(self.failure)
        stop()

    def _facts(self, assigner: Assigner) -> dict[str, object]:
        isolation = self._host.isolation
        return {
            "version": __version__,
            "isolation": {
                "level": isolation.level,
                "network": isolation.network,
                "lacks": list(isolation.lacks),
            },
            "environments": assigner.environments(),
            "runtimes": [one.runtime for one in self._catalogue.installations],
        }

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._stack.callback(task.cancel)


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            work()
        except Exception:
            _log.exception("a periodic task failed")
