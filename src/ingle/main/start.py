"""Start-up, in the order that privileges allow: what needs root first, then the event loop without it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace

import uvloop

from ingle.edge.server import bind
from ingle.main import privileges
from ingle.main.lock import DataDirectoryLock
from ingle.main.node import Node
from ingle.main.wiring import sandbox_config
from ingle.model.errors import ServiceError
from ingle.model.settings import Settings
from ingle.sandbox.api import Isolation, Level, SandboxError
from ingle.sandbox.host import start
from ingle.worker.catalogue import Catalogue, ProvidedFamily, PythonFamily, StagingError

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


_DESCRIPTORS = 262_144  # open files that a node started as root takes: some 20,000 environments


class StartError(Exception):
    """The node cannot start; the text says why and what to do."""


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run a node until SIGTERM or Ctrl-C. `announce` is given one line when it is ready.

    Raises StartError.
    """
    logging.basicConfig(
        level=_LEVELS[settings.log_level], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    settings = _with_directory(settings)
    directory = settings.directory()
    try:
        # The launcher clears up after a killed node before this one makes anything; so one node a directory.
        lock = DataDirectoryLock(directory)
        listener = bind(settings.host, settings.port)
        python = PythonFamily(directory / "runtimes")
        catalogue = Catalogue(
            [python, ProvidedFamily()], allow_nearest=settings.runtime_substitution == "nearest"
        )
        catalogue.discover()
        python.prune()
        _raise_descriptor_limit()
        host = start(sandbox_config(settings, catalogue, directory))
        reads_all = _let_go_of_root(settings, host.isolation.level)
    except (OSError, SandboxError, StagingError) as error:
        raise StartError(str(error)) from error
    node = Node(settings, directory, host, catalogue)

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            await node.start(listener, stop.set)
            _spare_the_collector()
            port = listener.getsockname()[1]
            announce(
                f"Ingle is ready at http://{settings.host}:{port} ({_banner(host.isolation, reads_all)})"
            )
            await stop.wait()
        finally:
            await node.stop()

    try:
        uvloop.run(serve())
    except ServiceError as error:
        raise StartError(str(error)) from error
    finally:
        lock.release()
        if settings.ephemeral:
            shutil.rmtree(directory, ignore_errors=True)
    if node.failure is not None:
        raise StartError(node.failure)


def _with_directory(settings: Settings) -> Settings:
    """Where nothing is to be kept, a directory of this node's own in place of the one that is set."""
    if not settings.ephemeral:
        return settings
    directory = tempfile.mkdtemp(prefix="ingle-ephemeral-")
    os.chmod(directory, 0o755)  # functions of the isolation level process run as other users
    return replace(settings, data_dir=directory)


def _let_go_of_root(settings: Settings, level: Level) -> bool:
    """As `privileges.drop`. Raises StartError where functions could not even see their own code then."""
    if os.geteuid() != 0:
        return False
    directory = settings.directory()
    if level == "process" and not privileges.reachable_by_others(directory):
        raise StartError(
            f"functions of the isolation level process run as users of their own, and the data directory "
            f"{directory} lies where only root may look: have it elsewhere (setting data_dir)"
        )
    privileges.hand_over(directory, settings.user)
    return privileges.drop(settings.user, directory)


def _spare_the_collector() -> None:
    """What start-up made lives as long as the node: no collection need look at it again; and invocations make
    little garbage in cycles, so collections may be rarer. Together some 10 % of the rate of invocations."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _raise_descriptor_limit() -> None:
    """As many open files as we may have: each environment and each client takes some."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, _DESCRIPTORS) if os.geteuid() == 0 else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (
        OSError,
        ValueError,
    ):  # the machine allows no more (fs.nr_open), or a container took the privilege
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _banner(isolation: Isolation, reads_all: bool) -> str:
    parts = [f"isolation: {isolation.level}", f"network: {isolation.network}"]
    parts += [f"lacks: {reason}" for reason in isolation.lacks]
    if reads_all:
        parts.append("the node keeps the capability to read all files, see `ingle doctor`")
    return "; ".join(parts)
