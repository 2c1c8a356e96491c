"""What this machine can do for functions, found out by trying, and how to get the rest."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import shutil
import tempfile
from pathlib import Path

from ingle.cli.runtimes import offered
from ingle.main.privileges import own_files, reachable_by_others, readable_by_others
from ingle.main.wiring import memory_budget_mb, sandbox_config
from ingle.model.settings import Settings
from ingle.sandbox.api import SandboxError
from ingle.sandbox.host import start
from ingle.worker.catalogue import Catalogue, Missing, ProvidedFamily, PythonFamily

Findings = dict[str, list[str]]


def examine(settings: Settings) -> Findings:
    """Findings by title, each a few lines. Starts a launcher for a moment, to see which level works."""
    with tempfile.TemporaryDirectory(prefix="ingle-doctor-") as scratch:
        directory = settings.directory() if os.access(settings.directory(), os.W_OK) else Path(scratch)
        catalogue = Catalogue([PythonFamily(directory / "runtimes"), ProvidedFamily()])
        catalogue.discover()
        return {
            "Machine": _machine(settings),
            "Isolation": _isolation(settings, Path(scratch)),
            "Privileges": _privileges(settings),
            "Runtimes": _runtimes(catalogue),
        }


def _machine(settings: Settings) -> list[str]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [
        f"Linux {platform.release()} on {platform.machine()}, {os.cpu_count()} processors",
        f"memory for functions: {memory_budget_mb(settings)} MB (setting memory_budget)",
        f"open files: {soft}, at most {hard}; each environment takes about 10",
        f"data directory: {settings.directory()}",
    ]


def _isolation(settings: Settings, scratch: Path) -> list[str]:
    try:
        host = start(sandbox_config(settings, Catalogue([]), scratch))
    except SandboxError as error:
        return [f"none works: {error}"]
    isolation = host.isolation

    async def close() -> None:
        host.attach(lambda: None)
        await host.close()

    asyncio.run(close())
    lines = [f"level: {isolation.level}, network: {isolation.network}"]
    lines += [f"lacks: {reason}" for reason in isolation.lacks]
    if isolation.level != "namespaces" and os.geteuid() != 0:
        lines.append("more: start Ingle as root (it lets go of root itself), for cgroup limits and NAT")
    if isolation.network == "none" and settings.network == "nat" and shutil.which("nft") is None:
        lines.append("NAT: `apt install nftables`")
    return lines


def _privileges(settings: Settings) -> list[str]:
    if os.geteuid() != 0:
        return ["not root: the node has the privileges of its user, and no more"]
    reasons = []
    if not readable_by_others(own_files()):
        reasons.append("its own files are readable by root only; install Ingle where every user may read it")
    if not reachable_by_others(settings.directory()):
        reasons.append(
            "the data directory lies where only root may look; have it elsewhere (setting data_dir)"
        )
    if not reasons:
        return [f"started as root, the node becomes user {settings.user} and keeps no capability"]
    return [
        f"started as root, the node becomes user {settings.user} and keeps CAP_DAC_READ_SEARCH:",
        *reasons,
    ]


def _runtimes(catalogue: Catalogue) -> list[str]:
    lines = []
    for one in catalogue.installations:
        where = f", {one.interpreter}" if one.interpreter else ""
        lines.append(f"{one.runtime}: {one.version}{where}")
        lines += [f"  {note}" for note in one.notes]
    for name in offered():
        found = catalogue.availability(name)
        if isinstance(found, Missing):
            lines.append(f"{name}: {found.message}")
    return lines
