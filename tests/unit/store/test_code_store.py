"""Packages are kept once, whole or not at all, and collected only when nothing can need them."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.model.clock import FakeClock
from ingle.model.errors import InvalidParameterValue, ServiceError
from ingle.store import code as module
from ingle.store.code import CodeStore


def package(text: str = "x = 1") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return content.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[CodeStore]:
    opened = CodeStore(tmp_path, clock)
    await opened.prepare()
    yield opened
    await opened.close()


async def nothing() -> frozenset[str]:
    return frozenset()


async def keep(store: CodeStore, content: bytes) -> str:
    async with store.keeping(content) as code:
        return code.sha256


async def test_a_package_is_kept_zipped_and_unpacked(store: CodeStore) -> None:
    content = package()
    async with store.keeping(content) as code:
        assert (code.sha256, code.size) == (digest(content), len(content))
        assert store.zip_path(code.sha256).read_bytes() == content
        assert (store.directory(code.sha256) / "app.py").read_text() == "x = 1"


async def test_a_refused_package_leaves_nothing(store: CodeStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterValue):
        await keep(store, b"PK no zip")
    assert not any(p.is_file() for d in ("zips", "unpacked", "work") for p in (tmp_path / d).rglob("*"))


async def test_a_full_disk_is_ours_and_leaves_nothing(
    store: CodeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ingle.store.code.os.fsync", full)
    with pytest.raises(ServiceError, match="No space left on device"):
        await keep(store, package())
    assert not any(p.is_file() for d in ("zips", "unpacked", "work") for p in (tmp_path / d).rglob("*"))


async def test_the_same_package_many_times_at_once_is_kept_once(store: CodeStore, tmp_path: Path) -> None:
    assert len(set(await asyncio.gather(*(keep(store, package()) for _ in range(20))))) == 1
    assert len(list((tmp_path / "zips").iterdir())) == len(list((tmp_path / "unpacked").iterdir())) == 1
    assert list((tmp_path / "work").iterdir()) == []


async def test_what_was_unpacked_and_lost_is_unpacked_again(store: CodeStore) -> None:
    sha256 = await keep(store, package())
    shutil.rmtree(store.directory(sha256))
    assert (await store.ensure_unpacked(sha256) / "app.py").exists()
    with pytest.raises(ServiceError):
        await store.ensure_unpacked("00" * 32)


async def test_another_boot_unpacks_anew_and_another_life_does_not(
    store: CodeStore, tmp_path: Path, clock: FakeClock
) -> None:
    sha256 = await keep(store, package())
    marker = store.directory(sha256) / "written-later"
    marker.touch()
    (tmp_path / "work" / "left-behind").mkdir()
    again = CodeStore(tmp_path, clock)
    await again.prepare()
    assert marker.exists()
    (tmp_path / "boot-id").write_text("another boot")
    await again.prepare()
    assert not again.directory(sha256).exists()
    assert not (await again.ensure_unpacked(sha256) / "written-later").exists()
    await again.close()
    assert list((tmp_path / "work").iterdir()) == []


async def test_unreferenced_code_goes_after_its_grace(store: CodeStore, clock: FakeClock) -> None:
    used, unused = await keep(store, package("a")), await keep(store, package("b"))

    async def referenced() -> frozenset[str]:
        return frozenset({used})

    assert await store.collect(referenced, grace=60) == []
    clock.advance(59)
    assert await store.collect(referenced, grace=60) == []
    clock.advance(1)
    assert await store.collect(referenced, grace=60) == [unused]
    assert not store.zip_path(unused).exists()
    assert not store.directory(unused).exists()
    assert store.zip_path(used).exists()


async def test_code_that_was_used_again_meanwhile_gets_its_whole_grace(
    store: CodeStore, clock: FakeClock
) -> None:
    sha256 = await keep(store, package())

    async def in_use() -> frozenset[str]:
        return frozenset({sha256})

    await store.collect(nothing, grace=60)
    clock.advance(50)
    await store.collect(in_use, grace=60)
    clock.advance(50)
    assert await store.collect(nothing, grace=60) == []


async def test_code_is_safe_while_it_is_kept(store: CodeStore) -> None:
    async with store.keeping(package()):
        assert await store.collect(nothing, grace=0) == []
    assert await store.collect(nothing, grace=0) == [digest(package())]


async def test_code_kept_and_released_during_a_collection_is_spared(store: CodeStore) -> None:
    sha256 = await keep(store, package())

    async def asked_too_early() -> frozenset[str]:
        await keep(store, package())  # a creation that begins and ends while the question is answered
        return frozenset()

    assert await store.collect(asked_too_early, grace=0) == []
    assert store.zip_path(sha256).exists()


async def test_creations_and_collections_at_once_lose_no_code(store: CodeStore) -> None:
    referenced: set[str] = set()

    async def ask() -> frozenset[str]:
        await asyncio.sleep(0)
        return frozenset(referenced)

    async def create(content: bytes) -> None:
        async with store.keeping(content) as code:
            await asyncio.sleep(0)
            referenced.add(code.sha256)

    async def churn(content: bytes) -> None:
        await create(content)
        referenced.discard(digest(content))
        await store.collect(ask, grace=0)
        await create(content)

    await asyncio.gather(*(churn(package(str(n % 3))) for n in range(12)))
    assert all((store.directory(sha256) / "app.py").exists() for sha256 in referenced)
    assert len(referenced) == 3


async def test_too_many_packages_at_once_are_refused(
    store: CodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_BOUND", 1)
    results = await asyncio.gather(*(keep(store, package()) for _ in range(3)), return_exceptions=True)
    assert [type(r) for r in results] == [str, ServiceError, ServiceError]
