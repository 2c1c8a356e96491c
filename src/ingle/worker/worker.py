"""The agent of this host: makes execution environments from specifications.

It brings together what an environment consists of: a sandbox with its limits, the function's code and the
runtime's files shown inside, a log stream, environment variables, and a way to Ingle's endpoint.
"""

from __future__ import annotations

import itertools
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ingle.model.errors import ServiceError
from ingle.sandbox.api import Bind, Executable, Limits, Sandbox, SandboxError, SandboxHost, SandboxSpec
from ingle.telemetry.lines import Formatter, JsonFormatter, TextFormatter
from ingle.telemetry.logs import LogStore, stream_name
from ingle.worker import bootstrap, companions
from ingle.worker.apihost import ApiHost
from ingle.worker.environment import Closeable, Environment, Equipment, Owner
from ingle.worker.journal import Journal
from ingle.worker.spec import MB_PER_VCPU, Access, EnvironmentSpec, environ

_MB = 1024 * 1024


@dataclass(frozen=True)
class Supply:
    """What the runtime of a function consists of on this host.

    program: what is launched; None where the function brings its own runtime, a bootstrap. binds: its files,
    shown inside. version: as INIT_START says it. variables: those that this runtime sets beside Lambda's
    common ones.
    """

    program: str | Executable | None
    binds: tuple[Bind, ...]
    version: str
    variables: dict[str, str]


class RuntimeSupplier(Protocol):
    async def supply(self, runtime: str) -> Supply:
        """The runtime of that name, ready to be launched. Raises ServiceError where this host has none."""
        ...


@dataclass(frozen=True)
class WorkerSettings:
    """endpoint_inside: Ingle's endpoint as functions reach it; endpoint_port: the port inside whose
    listener the node serves, if the sandbox has one. cpu_strict: hard CPU quotas instead of shares."""

    endpoint_inside: str
    endpoint_port: int
    cpu_strict: bool = False


class Worker:
    """`EnvironmentMaker` over a sandbox host."""

    def __init__(
        self,
        host: SandboxHost,
        runtimes: RuntimeSupplier,
        logs: LogStore,
        settings: WorkerSettings,
        serve_inside: Callable[[socket.socket], Awaitable[Closeable]],
    ) -> None:
        self._host = host
        self._runtimes = runtimes
        self._logs = logs
        self._settings = settings
        self._serve_inside = serve_inside
        self._numbers = itertools.count(1)
        self._prepared: set[str] = set()

    async def make(self, spec: EnvironmentSpec, owner: Owner) -> Environment:
        """A new environment of `spec`, its INIT not begun. Raises ServiceError."""
        supply = await self._runtimes.supply(spec.runtime)
        binds = [Bind(str(spec.code), "/var/task"), *supply.binds]
        if spec.layers is not None:
            binds.append(Bind(str(spec.layers), "/opt"))
        try:
            wanted = SandboxSpec(self._name(spec), self._limits(spec), tuple(binds))
            sandbox = await self._host.create(wanted, supply.program)
        except SandboxError as error:
            raise ServiceError(f"No sandbox could be made: {error}") from error
        apis: ApiHost | None = None
        try:
            endpoint = await self._endpoint(sandbox)
            apis = ApiHost(spec, sandbox)
            return Environment(spec, self._equip(spec, supply, endpoint, apis, sandbox), sandbox, owner)
        except BaseException:
            if apis is not None:
                apis.close()
            await sandbox.destroy()
            raise

    async def prepare(self, runtime: str) -> None:
        """Have what environments of `runtime` are forked from ready before the first one is wanted.

        Raises ServiceError where this host has no such runtime or its zygote does not start.
        """
        if runtime in self._prepared:
            return
        self._prepared.add(runtime)
        try:
            supply = await self._runtimes.supply(runtime)
            if isinstance(supply.program, str):
                await self._host.warm(supply.program)
        except SandboxError as error:
            self._prepared.discard(runtime)
            raise ServiceError(f"Runtime {runtime} does not start: {error}") from error
        except BaseException:
            self._prepared.discard(runtime)
            raise

    def _name(self, spec: EnvironmentSpec) -> str:
        return f"{re.sub('[^a-zA-Z0-9-]', '-', spec.function_name[:40])}-{next(self._numbers)}"

    def _limits(self, spec: EnvironmentSpec) -> Limits:
        return Limits(
            memory_bytes=spec.memory_mb * _MB,
            tmp_bytes=spec.tmp_mb * _MB,
            cpu_share=spec.memory_mb,
        )

    async def _endpoint(self, sandbox: Sandbox) -> Closeable | None:
        listener = sandbox.listeners.get(self._settings.endpoint_port)
        return None if listener is None else await self._serve_inside(listener)

    def _equip(
        self,
        spec: EnvironmentSpec,
        supply: Supply,
        endpoint: Closeable | None,
        apis: ApiHost,
        sandbox: Sandbox,
    ) -> Equipment:
        name = stream_name(spec.version, datetime.now(UTC))
        stream = self._logs.open(spec.account, spec.region, spec.log_group, name)
        access = Access(
            self._settings.endpoint_inside,
            # Until roles are assumed for functions, the account id is the key that selects the account.
            access_key_id=spec.account,
            secret_access_key="ingle",
            session_token="ingle",
        )
        own = environ(spec, access, name, apis.address)
        variables = _at(sandbox.paths, {**supply.variables, **own})
        program = supply.program
        return Equipment(
            program=(
                bootstrap.find(spec.code, spec.layers, variables, sandbox.paths)
                if program is None
                else program
            ),
            variables=variables,
            journal=Journal(_formatter(spec), stream),
            runtime_version=supply.version,
            apis=apis,
            notes=() if program is None else _not_started(spec),
            endpoint=endpoint,
            cpu_quota=spec.memory_mb / MB_PER_VCPU if self._settings.cpu_strict else None,
        )


_SEARCH_PATHS = ("PATH", "LD_LIBRARY_PATH")
_OWN_PLACES = {"TMPDIR": "/tmp", "_INGLE_LAYERS": "/opt"}  # told only where the driver cannot mount


def _not_started(spec: EnvironmentSpec) -> tuple[str, ...]:
    """What a function of a managed runtime is told about its external extensions, which need a sandbox that
    runs more than one program."""
    return tuple(
        f"[Ingle] The extension {name} was not started: external extensions run beside custom runtimes only."
        for name in companions.names(spec.layers)
    )


def _at(paths: Mapping[str, str], variables: dict[str, str]) -> dict[str, str]:
    """Variables that name Lambda's directories, where the driver had to put those elsewhere."""
    if not paths:
        return variables
    places = {
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "PYTHONPATH": "/var/runtime",
    }
    moved = {name: paths[place] for name, place in places.items() if name in variables and place in paths}
    searched = {name: _searched(paths, variables[name]) for name in _SEARCH_PATHS if name in variables}
    own = {name: paths[place] for name, place in _OWN_PLACES.items() if place in paths}
    return {**variables, **moved, **searched, **own}


def _searched(paths: Mapping[str, str], value: str) -> str:
    """A search path whose directories are where the driver put them."""
    places = []
    for place in value.split(":"):
        root = next((root for root in paths if place == root or place.startswith(f"{root}/")), "")
        places.append(paths[root] + place.removeprefix(root) if root else place)
    return ":".join(places)


def _formatter(spec: EnvironmentSpec) -> Formatter:
    if spec.log_format == "JSON":
        return JsonFormatter(spec.function_name, spec.version, spec.system_log_level or "INFO")
    return TextFormatter()
