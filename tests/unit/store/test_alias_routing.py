"""An alias of two versions shares its invocations as its weights say, each invocation anew."""

from __future__ import annotations

import asyncio
import io
import math
import random
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.model.test_function import configuration

from ingle.model.alias import AdditionalVersion, Alias
from ingle.model.clock import FakeClock
from ingle.model.errors import ResourceNotFound
from ingle.model.function import Code, FunctionVersion
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.states import State
from ingle.store.aliases import Aliases
from ingle.store.code import CodeStore
from ingle.store.database import Database
from ingle.store.directory import FunctionDirectory
from ingle.store.functions import Functions
from ingle.store.layers import Layers
from ingle.store.opt import OptDirectories

KEY = FunctionKey("000000000000", "us-east-1", "f")
LIVE = FunctionReference(KEY, "live")
ROOM = 1 << 40
INVOCATIONS = 10_000


class Store:
    """A function with versions 1 and 2, its aliases, and directories over them."""

    def __init__(self, database: Database, code: CodeStore, clock: FakeClock) -> None:
        self.functions = Functions(database)
        self.aliases = Aliases(database, self.functions)
        self.code = code
        self.opt = OptDirectories(Layers(database), code, clock)

    def directory(self, seed: int = 0) -> FunctionDirectory:
        return FunctionDirectory(
            self.functions, self.aliases, self.code, self.opt, random.Random(seed).random
        )

    async def point(self, version: str, second: str | None = None, weight: float = 0.0) -> None:
        additional = None if second is None else AdditionalVersion(second, weight)

        def change(before: Alias) -> Alias:
            return replace(before, function_version=version, additional=additional)

        await self.aliases.update(KEY, "live", change)


async def opened(directory: Path) -> tuple[Database, Store]:
    clock = FakeClock()
    database, code = await Database.open(directory / "ingle.db"), CodeStore(directory / "code", clock)
    await code.prepare()
    sha256, content = "ab" * 32, io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "")
    (directory / "code" / "zips" / f"{sha256}.zip").write_bytes(content.getvalue())
    store = Store(database, code, clock)
    first = configuration(code_sha256=Code(sha256, 1).base64, state=State.ACTIVE)
    latest = await store.functions.create(FunctionVersion(KEY, first), {}, total_code_size=ROOM)
    await store.functions.publish(latest, None, total_code_size=ROOM)
    renewed = await store.functions.get(KEY)
    assert renewed is not None
    changed = replace(renewed, configuration=replace(renewed.configuration, timeout=9))
    await store.functions.update(changed, renewed.configuration.revision_id, total_code_size=ROOM)
    await store.functions.publish(changed, None, total_code_size=ROOM)
    await store.aliases.create(Alias(KEY, "live", "1", "", "r"))
    return database, store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database, store = await opened(tmp_path)
    yield store
    await store.code.close()
    await database.close()


async def share(directory: FunctionDirectory) -> Counter[str]:
    """How often each version ran, of many invocations."""
    await directory.resolve(LIVE)
    found = (directory.lookup(KEY, "live") for _ in range(INVOCATIONS))
    return Counter(one.version if one is not None else "unknown" for one in found)


async def test_an_alias_leads_to_its_version_and_keeps_its_own_arn(store: Store) -> None:
    directory = store.directory()
    assert directory.lookup(KEY, "live") is None
    resolved = await directory.resolve(LIVE)
    assert (resolved.version, resolved.invoked_arn) == ("1", f"{KEY.arn}:live")
    assert directory.lookup(KEY, "live") is resolved
    assert resolved.generation == (await directory.resolve(FunctionReference(KEY, "1"))).generation


async def test_an_alias_that_moved_is_followed_at_the_next_invocation(store: Store) -> None:
    directory = store.directory()
    await directory.resolve(LIVE)
    await store.point("2")
    assert directory.lookup(KEY, "live") is None
    assert (await directory.resolve(LIVE)).version == "2"
    await store.aliases.delete(KEY, "live")
    with pytest.raises(ResourceNotFound, match=r"^Function not found: .*:f:live$"):
        await directory.resolve(LIVE)


@pytest.mark.parametrize(("weight", "versions"), [(0.0, {"1"}), (1.0, {"2"})])
async def test_nothing_and_everything_are_exact_shares(
    store: Store, weight: float, versions: set[str]
) -> None:
    await store.point("1", "2", weight)
    assert set(await share(store.directory())) == versions


@settings(max_examples=15, deadline=None)
@given(weight=st.floats(0, 1), seed=st.integers(0, 1 << 32))
def test_the_share_is_the_weight(tmp_path_factory: pytest.TempPathFactory, weight: float, seed: int) -> None:
    async def shares() -> Counter[str]:
        database, store = await opened(tmp_path_factory.mktemp("store"))
        try:
            await store.point("1", "2", weight)
            return await share(store.directory(seed))
        finally:
            await store.code.close()
            await database.close()

    found = asyncio.run(shares())
    assert found["1"] + found["2"] == INVOCATIONS
    # Six standard deviations: wrong once in 500 million seeds.
    tolerance = 6 * math.sqrt(INVOCATIONS * weight * (1 - weight)) + 1
    assert abs(found["2"] - INVOCATIONS * weight) <= tolerance


async def test_the_first_invocation_is_drawn_like_the_others(store: Store) -> None:
    await store.point("1", "2", 0.5)
    firsts = Counter([(await store.directory(seed).resolve(LIVE)).version for seed in range(60)])
    assert min(firsts["1"], firsts["2"]) > 10


async def test_both_versions_keep_the_alias_s_arn(store: Store) -> None:
    await store.point("1", "2", 0.5)
    directory = store.directory()
    assert {(await directory.resolve(LIVE)).invoked_arn for _ in range(50)} == {f"{KEY.arn}:live"}
