"""The repository and the directory over it, driven by any sequence of changes."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingle.model.clock import FakeClock
from ingle.model.errors import PreconditionFailed, ResourceConflict, ResourceNotFound
from ingle.model.function import Code, EphemeralStorage, FunctionConfiguration, FunctionVersion
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.states import State
from ingle.store import CodeStore, Database, FunctionDirectory, Functions
from ingle.store.aliases import Aliases
from ingle.store.layers import Layers
from ingle.store.opt import OptDirectories

ROOM = 1 << 40


def version(name: str = "f", revision: str = "r1", code: str = "00" * 32) -> FunctionVersion:
    key = FunctionKey("000000000000", "us-east-1", name)
    configuration = FunctionConfiguration(
        function_name=name,
        function_arn=key.arn,
        role="arn:aws:iam::000000000000:role/r",
        code_size=10,
        code_sha256=Code(code, 10).base64,
        last_modified="2026-01-01T00:00:00.000+0000",
        revision_id=revision,
        timeout=3,
        memory_size=128,
        ephemeral_storage=EphemeralStorage(512),
        architectures=("x86_64",),
        state=State.ACTIVE,
    )
    return FunctionVersion(key, configuration)


def revised(function: FunctionVersion, revision: str) -> FunctionVersion:
    return replace(function, configuration=replace(function.configuration, revision_id=revision))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "ingle.db")
    yield opened
    await opened.close()


@pytest.fixture
def functions(database: Database) -> Functions:
    return Functions(database)


async def test_what_was_created_is_read_back(functions: Functions) -> None:
    created = await functions.create(version(), {"k": "v"}, total_code_size=ROOM)
    assert await functions.get(created.key) == created == version()
    assert await functions.tags(created.key) == {"k": "v"}
    with pytest.raises(ResourceConflict):
        await functions.create(version(), {}, total_code_size=ROOM)


async def test_of_updates_from_one_revision_exactly_one_succeeds(functions: Functions) -> None:
    await functions.create(version(), {}, total_code_size=ROOM)
    results = await asyncio.gather(
        *(functions.update(version(revision=f"n{n}"), "r1", total_code_size=ROOM) for n in range(20)),
        return_exceptions=True,
    )
    won = [r for r in results if isinstance(r, FunctionVersion)]
    assert len(won) == 1
    assert all(isinstance(r, (FunctionVersion, PreconditionFailed)) for r in results)
    assert await functions.get(won[0].key) == won[0]


async def test_a_failed_publication_does_not_use_up_its_change(functions: Functions) -> None:
    await functions.create(version(), {}, total_code_size=ROOM)
    with pytest.raises(PreconditionFailed):
        await functions.update(version(revision="r2"), "wrong", total_code_size=ROOM, publish=True)
    published = await functions.update(version(revision="r2"), "r1", total_code_size=ROOM, publish=True)
    assert published.version == "1"


async def test_a_deleted_function_takes_its_versions_along(functions: Functions) -> None:
    created = await functions.create(version(), {}, total_code_size=ROOM, publish=True)
    assert await functions.delete(created.key)
    assert not await functions.delete(created.key)
    assert await functions.get(created.key, "1") is None
    assert await functions.referenced_code() == frozenset()
    assert (await functions.usage("000000000000", "us-east-1")).function_count == 0


@pytest.mark.parametrize("name", ["0", "00", "-1", "x", "", "9" * 40, "$LATEST.PUBLISHED", "١"])
async def test_what_names_no_version_finds_none(functions: Functions, name: str) -> None:
    await functions.create(version(), {}, total_code_size=ROOM, publish=True)
    assert await functions.get(version().key, name) is None


async def test_watchers_are_told_before_the_caller(functions: Functions) -> None:
    told: list[FunctionKey] = []
    functions.on_change(told.append)
    created = await functions.create(version(), {}, total_code_size=ROOM)
    assert told == [created.key]
    await functions.settle([(revised(created, "r2"), "r1"), (revised(created, "r3"), "gone")])
    assert told == [created.key] * 2
    await functions.delete(created.key)
    assert told == [created.key] * 3


@pytest.fixture
async def directory(
    database: Database, functions: Functions, tmp_path: Path
) -> AsyncIterator[FunctionDirectory]:
    code = CodeStore(tmp_path / "code", FakeClock())
    await code.prepare()
    opt = OptDirectories(Layers(database), code, FakeClock())
    yield FunctionDirectory(functions, Aliases(database, functions), code, opt)
    await code.close()


@pytest.fixture
def stored_code(directory: FunctionDirectory, tmp_path: Path) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "")
    sha256 = "ab" * 32
    (tmp_path / "code" / "zips" / f"{sha256}.zip").write_bytes(content.getvalue())
    return sha256


async def test_the_directory_remembers_and_forgets(
    functions: Functions, directory: FunctionDirectory, stored_code: str
) -> None:
    created = await functions.create(version(code=stored_code), {}, total_code_size=ROOM, publish=True)
    for qualifier, arn in ((None, created.key.arn), ("1", f"{created.key.arn}:1")):
        assert directory.lookup(created.key, qualifier) is None
        resolved = await directory.resolve(FunctionReference(created.key, qualifier))
        assert directory.lookup(created.key, qualifier) is resolved
        assert resolved.invoked_arn == arn
    await functions.delete(created.key)
    assert directory.lookup(created.key) is directory.lookup(created.key, "1") is None
    with pytest.raises(ResourceNotFound, match=r"Function not found: arn:.*:function:f:1$"):
        await directory.resolve(FunctionReference(created.key, "1"))


async def test_an_answer_that_a_change_overtook_is_not_remembered(
    functions: Functions, directory: FunctionDirectory, stored_code: str
) -> None:
    created = await functions.create(version(code=stored_code), {}, total_code_size=ROOM)
    asking = asyncio.ensure_future(directory.resolve(FunctionReference(created.key)))
    await asyncio.sleep(0)
    await functions.delete(created.key)
    await asyncio.gather(asking, return_exceptions=True)
    assert directory.lookup(created.key) is None


async def test_a_page_goes_on_where_the_last_one_ended(functions: Functions) -> None:
    await asyncio.gather(
        *(functions.create(version(f"f{n:03d}"), {}, total_code_size=ROOM, publish=True) for n in range(25))
    )
    for all_versions, total in ((False, 25), (True, 50)):
        found: list[tuple[str, str]] = []
        after: tuple[str, int] | None = None
        while True:
            page = await functions.page(
                "000000000000", "us-east-1", limit=7, after=after, all_versions=all_versions
            )
            found += [(v.key.name, v.version) for v in page.versions]
            if (after := page.next) is None:
                break
        assert found == sorted(set(found)) or all_versions
        assert len(set(found)) == len(found) == total
