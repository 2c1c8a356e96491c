"""Any sequence of calls leaves what a small reference of the rules leaves, across restarts as well."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.unit.controlplane.conftest import ACCOUNT, REGION, ControlPlane, assemble
from tests.unit.controlplane.reference import LATEST, Alias, Reference, RefusedError

from ingle.controlplane.concurrency import restore_reserved
from ingle.model.clock import FakeClock
from ingle.model.errors import CallerError
from ingle.model.names import FunctionKey, FunctionReference
from ingle.store import CodeStore, Database

NAMES = st.sampled_from(["f", "f", "f", "g"])
ALIASES = st.sampled_from(["dev", "live"])
TIMEOUTS = st.integers(3, 5)
NUMBERS = st.sampled_from(["1", "2", "3"])
VERSIONS = st.sampled_from([LATEST, "1", "2", "3"])
SECONDS = st.none() | st.tuples(NUMBERS, st.sampled_from([0.0, 0.1, 1.0]))
COUNTS = st.sampled_from([0, 1, 400, 500, 900, 901])


class Machine(RuleBasedStateMachine):
    """The control plane over a real store, and the reference beside it."""

    @initialize()
    def begin(self) -> None:
        self.reference = Reference()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp())
        self.run(self.open())
        self.create("f", 3, True)
        self.release("f", 4)
        self.create_alias("f", "live", "1", ("2", 0.1))  # something to work upon from the first step

    def teardown(self) -> None:
        self.run(self.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    async def open(self) -> None:
        clock = FakeClock()
        self.database = await Database.open(self.directory / "ingle.db")
        self.code = CodeStore(self.directory / "code", clock)
        await self.code.prepare()
        self.plane: ControlPlane = assemble(self.database, self.code, clock)
        await restore_reserved(self.plane.concurrency, self.plane.counter)

    async def close(self) -> None:
        await self.code.close()
        await self.database.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def call(self, operation: str, name: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.run(self.plane.call(operation, FunctionName=name, **request))
        return answer

    def both(self, expected: Callable[[], Any], answer: Callable[[], dict[str, Any]]) -> None:
        """Do one thing on both sides: the same version comes, if one is to come, or the same refusal."""
        wanted = outcome(expected)
        found = outcome(lambda: answer().get("Version"))
        assert found == wanted or (wanted is None and found == LATEST)

    @rule(name=NAMES, timeout=TIMEOUTS, publish=st.booleans())
    def create(self, name: str, timeout: int, publish: bool) -> None:
        request: dict[str, Any] = {"Timeout": timeout, "Publish": publish}
        self.both(
            lambda: self.reference.create(name, timeout, publish),
            lambda: self.run(self.plane.create(name, **request)),
        )

    @rule(name=NAMES, timeout=TIMEOUTS)
    def update(self, name: str, timeout: int) -> None:
        self.both(
            lambda: self.reference.update(name, timeout),
            lambda: self.call("UpdateFunctionConfiguration", name, Timeout=timeout),
        )

    @rule()
    def settle(self) -> None:
        self.reference.settle()
        self.run(self.plane.lifecycle.settle_all())

    @rule(name=NAMES)
    def publish(self, name: str) -> None:
        self.both(lambda: self.reference.publish(name), lambda: self.call("PublishVersion", name))

    @rule(name=NAMES, timeout=TIMEOUTS)
    def release(self, name: str, timeout: int) -> None:
        """Update, wait, publish: what it takes to come by several versions."""
        self.settle()
        self.update(name, timeout)
        self.settle()
        self.publish(name)

    @rule(name=NAMES, version=NUMBERS)
    def delete_version(self, name: str, version: str) -> None:
        self.both(
            lambda: self.reference.delete_version(name, version),
            lambda: self.call("DeleteFunction", name, Qualifier=version),
        )

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        self.both(lambda: self.reference.delete(name), lambda: self.call("DeleteFunction", name))

    @rule(name=NAMES, alias=ALIASES, version=VERSIONS, second=SECONDS)
    def create_alias(self, name: str, alias: str, version: str, second: tuple[str, float] | None) -> None:
        request: dict[str, Any] = {
            "Name": alias,
            "FunctionVersion": version,
            "RoutingConfig": routing(second),
        }
        self.both(
            lambda: self.reference.create_alias(name, alias, Alias(version, second)),
            lambda: self.call("CreateAlias", name, **request),
        )

    @rule(name=NAMES, alias=ALIASES, version=st.none() | VERSIONS, second=SECONDS)
    def update_alias(
        self, name: str, alias: str, version: str | None, second: tuple[str, float] | None
    ) -> None:
        request: dict[str, Any] = {"Name": alias, "RoutingConfig": routing(second)}
        if version is not None:
            request["FunctionVersion"] = version
        self.both(
            lambda: self.reference.update_alias(name, alias, version, Alias("", second)),
            lambda: self.call("UpdateAlias", name, **request),
        )

    @rule(name=NAMES, alias=ALIASES)
    def delete_alias(self, name: str, alias: str) -> None:
        self.both(
            lambda: self.reference.delete_alias(name, alias),
            lambda: self.call("DeleteAlias", name, Name=alias),
        )

    @rule(name=NAMES, count=COUNTS)
    def reserve(self, name: str, count: int) -> None:
        self.both(
            lambda: self.reference.reserve(name, count),
            lambda: self.call("PutFunctionConcurrency", name, ReservedConcurrentExecutions=count),
        )

    @rule(name=NAMES)
    def unreserve(self, name: str) -> None:
        self.both(
            lambda: self.reference.reserve(name, None),
            lambda: self.call("DeleteFunctionConcurrency", name),
        )

    @rule()
    def restart(self) -> None:
        self.run(self.close())
        self.run(self.open())

    @invariant()
    def both_sides_agree(self) -> None:
        if hasattr(self, "plane"):
            self.run(self.compare())

    async def compare(self) -> None:
        listed = (await self.plane.call("ListFunctions"))["Functions"]
        assert [one["FunctionName"] for one in listed] == sorted(self.reference.functions)
        limits = (await self.plane.call("GetAccountSettings"))["AccountLimit"]
        assert limits["UnreservedConcurrentExecutions"] == self.reference.unreserved
        pool = self.plane.counter._pools.get((ACCOUNT, REGION))
        assert (pool.unreserved if pool else 1_000) == self.reference.unreserved
        for name, function in self.reference.functions.items():
            versions = (await self.plane.call("ListVersionsByFunction", FunctionName=name))["Versions"]
            assert {one["Version"]: one["Timeout"] for one in versions} == {
                LATEST: function.timeout,
                **function.published,
            }
            aliases = (await self.plane.call("ListAliases", FunctionName=name))["Aliases"]
            assert {one["Name"]: read(one) for one in aliases} == function.aliases
            concurrency = await self.plane.call("GetFunctionConcurrency", FunctionName=name)
            assert concurrency.get("ReservedConcurrentExecutions") == function.reserved
            for alias, target in function.aliases.items():
                key = FunctionKey(ACCOUNT, REGION, name)
                resolved = await self.plane.directory.resolve(FunctionReference(key, alias))
                assert resolved.version in target.versions
                assert resolved.configuration.timeout == function.content(resolved.version)


def outcome(work: Callable[[], Any]) -> Any:
    """What work returns, or the code with which it is refused."""
    try:
        return work()
    except RefusedError as error:
        return error.code
    except CallerError as error:
        return error.code


def routing(second: tuple[str, float] | None) -> dict[str, Any]:
    return {} if second is None else {"AdditionalVersionWeights": dict([second])}


def read(document: dict[str, Any]) -> Alias:
    weights = document.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return Alias(document["FunctionVersion"], next(iter(weights.items()), None))


TestAnySequenceOfCalls = Machine.TestCase
TestAnySequenceOfCalls.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
