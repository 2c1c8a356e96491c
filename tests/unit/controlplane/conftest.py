"""A control plane without HTTP, over a store in a temporary directory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from ingle.controlplane import (
    Available,
    CodeLocations,
    Configurations,
    Handlers,
    Lifecycle,
    Missing,
    RequestContext,
)
from ingle.controlplane.mappinglifecycle import MappingLifecycle
from ingle.counting.counter import Counter
from ingle.main.resources import Parts, register_all
from ingle.model.clock import FakeClock
from ingle.model.quotas import AccountLimits
from ingle.store import CodeStore, Database, FunctionDirectory, Functions
from ingle.store.aliases import Aliases
from ingle.store.concurrency import Concurrency
from ingle.store.layers import Layers
from ingle.store.mappings import EventSourceMappings
from ingle.store.opt import OptDirectories

MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"))
ACCOUNT, REGION = "000000000000", "us-east-1"
CONTEXT = RequestContext(ACCOUNT, REGION, "request-id", "http://127.0.0.1:4566")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


class Catalogue:
    """Has every runtime but those named in `missing`."""

    missing: frozenset[str] = frozenset()

    def availability(self, runtime: str) -> Available | Missing:
        return Missing(f"{runtime} is not installed: do this") if runtime in self.missing else Available()


@dataclass
class ControlPlane:
    handlers: Handlers
    lifecycle: Lifecycle
    functions: Functions
    code: CodeStore
    directory: FunctionDirectory
    locations: CodeLocations
    clock: FakeClock
    catalogue: Catalogue
    concurrency: Concurrency
    counter: Counter
    context: RequestContext = CONTEXT

    @staticmethod
    def package(source: str = "def handler(event, context): return event\n", **files: str) -> bytes:
        return package(source, **files)

    async def call(
        self, operation: str, /, context: RequestContext = CONTEXT, **request: Any
    ) -> dict[str, Any]:
        """The answer, which has to be one that the service model allows."""
        answer = await self.handlers.call(operation, context, request)
        shape = MODEL.operation_model(operation).output_shape
        if shape is None:
            assert answer == {}
            return answer
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), report.generate_report()
        return answer

    async def create(self, name: str = "f", **request: Any) -> dict[str, Any]:
        """Create a function; it stays Pending until `lifecycle.settle_all`."""
        defaults: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Role": ROLE,
            "Code": {"ZipFile": package()},
        }
        return await self.call("CreateFunction", **(defaults | request))

    async def active(self, name: str = "f", **request: Any) -> dict[str, Any]:
        """Create a function and see it become Active."""
        await self.create(name, **request)
        await self.lifecycle.settle_all()
        return await self.call("GetFunctionConfiguration", FunctionName=name)


def package(source: str = "def handler(event, context): return event\n", **files: str) -> bytes:
    """A zip of app.py and other files, always the same for the same content."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in {"app.py": source, **files}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


def assemble(
    database: Database, code: CodeStore, clock: FakeClock, limits: AccountLimits | None = None
) -> ControlPlane:
    """The control plane as the node's composition root wires it, with nothing running in the background."""
    limits = limits or AccountLimits()
    functions, handlers, catalogue = Functions(database), Handlers(), Catalogue()
    locations = CodeLocations(code, clock, b"secret")
    opt = OptDirectories(Layers(database), code, clock)
    lifecycle = Lifecycle(functions, code, opt)
    configurations = Configurations(clock, catalogue)
    mapping_lifecycle = MappingLifecycle(EventSourceMappings(database), clock)
    aliases, concurrency = Aliases(database, functions), Concurrency(database, limits)
    counter = Counter(limits.concurrent_executions)
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
    )
    register_all(handlers, parts)
    directory = FunctionDirectory(functions, aliases, code, opt)
    return ControlPlane(
        handlers, lifecycle, functions, code, directory, locations, clock, catalogue, concurrency, counter
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[tuple[Database, CodeStore, FakeClock]]:
    """An opened database and code store."""
    clock = FakeClock()
    database, code = await Database.open(tmp_path / "ingle.db"), CodeStore(tmp_path / "code", clock)
    await code.prepare()
    yield database, code, clock
    await code.close()
    await database.close()


@pytest.fixture
def plane_with(store: tuple[Database, CodeStore, FakeClock]) -> Callable[[AccountLimits], ControlPlane]:
    """Makes a control plane with limits of the test's own; made twice it is a restart over the same store."""
    return lambda limits: assemble(*store, limits)


@pytest.fixture
async def plane(store: tuple[Database, CodeStore, FakeClock]) -> ControlPlane:
    """A control plane with AWS's limits."""
    return assemble(*store)
