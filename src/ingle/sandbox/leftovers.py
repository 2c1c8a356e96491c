"""Removing what killed launchers left on the host: processes, cgroups, interfaces, rules, files.

Only what a dead launcher's record names, and only names that a launcher gives: a record is data.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import time
from typing import Any

from ingle.sandbox.kernel import Kernel
from ingle.sandbox.network import nat
from ingle.sandbox.network.rtnetlink import RouteSocket
from ingle.sandbox.record import dead

_PATIENCE = 5.0  # seconds for killed processes to be gone
_PAUSE = 0.01


def remove(kernel: Kernel, state_dir: str, own: str) -> list[str]:
    """Remove every dead launcher's leftovers; what could not be removed, in words."""
    troubles = []
    for directory, notes in dead(state_dir, own):
        instance = os.path.basename(directory)
        try:
            tops = [top for top in _strings(notes, "cgroups") if os.path.basename(top) == instance]
            for (
                top
            ) in tops:  # in version 1 a frozen process does not die, whichever tree it is killed through
                _thaw(top)
            for top in tops:
                _remove_cgroup(top)
            if notes.get("nat") is True:
                _remove_nat(kernel, instance, state_dir)
            shutil.rmtree(directory)
        except OSError as error:
            troubles.append(f"left by {instance}: {error}")
    return troubles


def _strings(notes: dict[str, Any], name: str) -> list[str]:
    values = notes.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _remove_cgroup(top: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while os.path.isdir(top):
        for directory, _, _ in os.walk(top, topdown=False):
            _empty(directory)
            with contextlib.suppress(OSError):  # EBUSY until the last one is dead
                os.rmdir(directory)
        if time.monotonic() > deadline:
            raise OSError(f"processes in {top} would not die")
        time.sleep(_PAUSE)


def _thaw(top: str) -> None:
    for directory, _, files in os.walk(top):
        for name, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            if name in files:
                Kernel().write(os.path.join(directory, name), word)


def _empty(directory: str) -> None:
    with contextlib.suppress(FileNotFoundError), open(os.path.join(directory, "cgroup.procs")) as file:
        for pid in file.read().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _remove_nat(kernel: Kernel, instance: str, state_dir: str) -> None:
    route = RouteSocket()
    for _, link in socket.if_nameindex():
        if link.startswith(nat.link_of(instance)):
            with contextlib.suppress(OSError):  # it goes with its namespace, perhaps just now
                route.delete(link)
    route.close()
    nft = nat.find_nft()
    nat.remove_table(nft, nat.table_of(instance))
    nat.restore_forwarding(kernel, nft, state_dir)
