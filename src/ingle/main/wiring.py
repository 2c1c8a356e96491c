"""From settings to what each room is told."""

from __future__ import annotations

import os
from pathlib import Path

from ingle.controlplane.catalogue import Available, Missing
from ingle.model.settings import Settings
from ingle.sandbox.config import ENDPOINT_PORT, RUNTIME_API_PORT, HostConfig
from ingle.worker import catalogue as worker_catalogue
from ingle.worker.catalogue import Catalogue
from ingle.worker.catalogue.supplier import zygotes
from ingle.worker.worker import WorkerSettings

_LEVELS = {"namespaces": "namespaces", "rootless": "rootless", "process": "process"}
_MB = 1024 * 1024


def memory_budget_mb(settings: Settings) -> int:
    """MB for all environments: as set, else three quarters of the machine's memory."""
    if settings.memory_budget:
        return settings.memory_budget
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return total * 3 // 4 // _MB


def sandbox_config(settings: Settings, catalogue: Catalogue, directory: Path) -> HostConfig:
    """What the launcher is started with: it shows functions nothing but code and runtimes."""
    level: object = _LEVELS.get(settings.isolation)
    return HostConfig(
        roots=(str(directory / "code" / "unpacked"), str(directory / "runtimes")),
        zygotes=zygotes(catalogue.installations),
        level=level,  # type: ignore[arg-type]  # checked against the setting's choices
        network=settings.network,  # type: ignore[arg-type]
        ports=(ENDPOINT_PORT, RUNTIME_API_PORT),
        prepared=settings.prepared,
    )


def worker_settings(settings: Settings, own_network: bool, host_port: int) -> WorkerSettings:
    """`own_network`: whether sandboxes have a loopback of their own, with a listener of ours on it.
    `host_port`: where we listen on the host's."""
    port = ENDPOINT_PORT if own_network else host_port
    return WorkerSettings(
        endpoint_inside=f"http://127.0.0.1:{port}",
        endpoint_port=ENDPOINT_PORT,
        cpu_strict=settings.cpu == "strict",
    )


class RuntimeAvailability:
    """The control plane's `RuntimeCatalogue` over the worker's."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def availability(self, runtime: str) -> Available | Missing:
        found = self._catalogue.availability(runtime)
        return Missing(found.message) if isinstance(found, worker_catalogue.Missing) else Available()
