"""Setting the launcher up, and undoing it: what it holds on the host apart from its sandboxes."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import replace

from ingle.sandbox import cgroup, kernel, leftovers, levels
from ingle.sandbox.api import Isolation, SandboxError
from ingle.sandbox.config import HostConfig
from ingle.sandbox.kernel import Kernel
from ingle.sandbox.loop import Loop
from ingle.sandbox.network.nat import Nat
from ingle.sandbox.place import Driver, Place
from ingle.sandbox.processes import Processes
from ingle.sandbox.record import Record
from ingle.sandbox.rootfs import Template, resolvers
from ingle.sandbox.shells import Shells
from ingle.sandbox.world import PATIENCE, Children, Slots, World


class Setup:
    """One launcher's holdings. Each step of `make` registers how it is undone."""

    def __init__(self, config: HostConfig) -> None:
        assert config.level is not None
        roots = tuple(os.path.realpath(root) for root in config.roots)
        self._config = replace(config, roots=roots)
        self._level = config.level
        self._undo: list[Callable[[], None]] = []
        self._loop = Loop()
        self._lacks: list[str] = []
        self._record: Record | None = None

    def make(self) -> tuple[World, Driver]:
        """Everything but the sandboxes. Raises OSError or SandboxError, naming what is missing."""
        seam = Kernel()
        levels.enter(seam, self._level)
        assert self._config.state_dir is not None
        record = self._record = Record.open(self._config.state_dir)
        for trouble in leftovers.remove(seam, self._config.state_dir, record.instance):
            self._lacks.append(trouble)
        network = levels.network_of(self._level, self._config.network)
        world = World(
            config=self._config,
            kernel=seam,
            loop=self._loop,
            children=Children(self._loop),
            slots=Slots(self._config.limit),
            isolation=Isolation(self._level, network),
            state_dir=record.directory,
            privileged=self._level != "rootless" and os.geteuid() == 0,
        )
        if self._level == "process":
            self._lacks.extend(levels.PROCESS_LACKS)
        else:
            self._cgroups(world, record)
            self._nat(world, record)
            self._template(world)
        if self._level != "namespaces" and not world.privileged:
            self._lacks.append(levels.SHARED_USER)
        world.isolation = replace(world.isolation, lacks=tuple(self._lacks))
        return world, Processes(world) if self._level == "process" else Shells(world)

    def _cgroups(self, world: World, record: Record) -> None:
        try:
            world.hierarchy = cgroup.find(world.kernel, record.instance)
        except OSError as error:
            if self._level == "namespaces":
                raise
            self._lacks.append(
                f"no cgroups ({error}): memory is limited per process, CPU and processes are not"
            )
            return
        record.note(cgroups=world.hierarchy.directories())
        self._undo.append(world.hierarchy.close)

    def _nat(self, world: World, record: Record) -> None:
        if self._config.network != "nat":
            return
        if self._level != "namespaces":
            self._lacks.append("no way to the outside network: that takes root (network is none)")
            return
        try:
            nat = Nat(world.kernel, record.instance, self._config.subnet, os.path.dirname(record.directory))
            record.note(nat=True)
            self._undo.append(nat.close)
            nat.open()
        except OSError as error:
            self._lacks.append(f"no way to the outside network: {error} (network is none)")
            return
        world.nat = nat
        world.isolation = replace(world.isolation, network="nat")
        if not resolvers():
            self._lacks.append("no name server: all of the host's are on its own loopback")

    def _template(self, world: World) -> None:
        path = os.path.join(world.state_dir, "root")
        os.mkdir(path)
        self._undo.append(lambda: os.rmdir(path))
        world.template = Template(world.kernel, path, max(world.uid(0), 0))
        world.template.build()
        self._undo.append(lambda: world.kernel.umount(path, kernel.MNT_DETACH))

    def prove(self, driver: Driver) -> None:
        """Make one sandbox and end it. Raises SandboxError with the reason when that does not work here."""
        outcome: list[str] = []

        def done(error: str) -> None:
            outcome.append(error)
            self._loop.stop()

        def taken(place: Place | None, error: str) -> None:
            if place is None:
                done(error)
            else:
                place.kill_others(0, lambda error: place.end(0, done) if not error else done(error))

        timer = self._loop.later(PATIENCE, lambda: done("no sandbox was made within 10 s"))
        driver.take(taken)
        if not outcome:
            self._loop.run()
        timer.cancel()
        if outcome[0]:
            raise SandboxError(outcome[0])

    def undo(self) -> None:
        """Leave nothing behind. The record goes last, and only then: it leads the next start to the rest."""
        failed = False
        while self._undo:
            try:
                self._undo.pop()()
            except OSError:
                traceback.print_exc()
                failed = True
        if self._record is not None and not failed:
            self._record.remove()
