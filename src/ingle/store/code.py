"""Deployment packages by content: each zip once under its SHA-256, unpacked once beside it.

    <root>/zips/<sha256>.zip      durable before anyone is told that it is there
    <root>/unpacked/<sha256>/     can be made again from the zip, so it is not synced file by file:
    <root>/boot-id                after another boot of the machine the unpacked ones are made anew
    <root>/work/                  half-made and half-removed things; emptied at start

Packages are equal or different, never changed, so functions, versions and layers share them freely. Layers
that are used together lie merged among the unpacked packages, under a digest of theirs. What nothing refers
to is collected.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from ingle.model.clock import Clock
from ingle.model.errors import RequestEntityTooLarge, ServiceError
from ingle.model.function import Code
from ingle.model.quotas import CODE_SIZE_ZIPPED
from ingle.store.archive import unpack
from ingle.store.merge import merge

T = TypeVar("T")

WORKERS = 2  # unpacking is mostly the disk's work
WAITING_BOUND = 64  # packages on their way at once; each may hold 50 MB of memory
DEADLINE_SECONDS = 120.0
# Environments of replaced code finish their invocations first: at most 900 s, and some.
GRACE_SECONDS = 3600.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class CodeStore:
    """The packages below one directory. Used from one event loop; `prepare` first, `close` last."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._zips, self._unpacked, self._work = root / "zips", root / "unpacked", root / "work"
        self._boot_id = root / "boot-id"
        self._clock = clock
        self._executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="store-code")
        self._waiting = 0
        self._held: Counter[str] = Counter()
        self._touched: set[str] = set()
        self._unreferenced_since: dict[str, float] = {}
        self._collecting = asyncio.Lock()

    async def prepare(self) -> None:
        """Make the directories, and begin to remove what an earlier life left half-made."""
        left = await self._run(self._prepare)
        # Thousands of directories after another boot: nobody has to wait for that.
        self._executor.submit(_remove_all, left)

    async def close(self) -> None:
        """Wait for the work that is under way."""
        await asyncio.get_running_loop().run_in_executor(None, self._executor.shutdown)

    def zip_path(self, sha256: str) -> Path:
        """Where a package's zip lies."""
        return self._zips / f"{sha256}.zip"

    def directory(self, sha256: str) -> Path:
        """Where a package lies unpacked, once `ensure_unpacked` has returned."""
        return self._unpacked / sha256

    @asynccontextmanager
    async def keeping(self, content: bytes, bound: int = CODE_SIZE_ZIPPED) -> AsyncIterator[Code]:
        """Keep a package, durable and unpacked; inside the block it is safe from being collected.

        Store a reference to it before the block ends. Raises RequestEntityTooLarge above `bound`
        bytes, and what `archive.unpack` raises: then nothing was kept.
        """
        if len(content) > bound:
            raise RequestEntityTooLarge(f"Zipped size must be smaller than {bound} bytes")
        sha256 = await self._run(lambda: hashlib.sha256(content).hexdigest())
        self._held[sha256] += 1
        self._touched.add(sha256)
        try:
            await self._run(lambda: self._keep(sha256, content))
            yield Code(sha256, len(content))
        finally:
            self._held[sha256] -= 1
            if not self._held[sha256]:
                del self._held[sha256]

    async def ensure_unpacked(self, sha256: str) -> Path:
        """The directory of a package that is kept, unpacked now if it was not. Raises ServiceError."""
        directory = self.directory(sha256)
        if not directory.is_dir():
            await self._run(lambda: self._unpack_kept(sha256))
        return directory

    async def ensure_merged(self, layers: Sequence[str]) -> Path:
        """The directory of several kept packages merged in their order, made now if it was not.

        Raises ServiceError.
        """
        digest = merged_digest(layers)
        self._touched.add(digest)
        sources = [await self.ensure_unpacked(sha256) for sha256 in layers]
        if len(sources) == 1:
            return sources[0]
        directory = self.directory(digest)
        if not directory.is_dir():
            await self._run(lambda: self._install(lambda work: merge(sources, work), directory))
        return directory

    async def unpacked_size(self, sha256: str) -> int:
        """Bytes of the files of a package that is kept. Raises ServiceError."""
        directory = await self.ensure_unpacked(sha256)
        return await self._run(lambda: _size(directory))

    async def collect(
        self, referenced: Callable[[], Awaitable[frozenset[str]]], grace: float = GRACE_SECONDS
    ) -> list[str]:
        """Remove packages that nothing has referred to for `grace` seconds; returns their digests.

        `referenced` asks the store which packages are in use. A package that is kept while this runs is
        spared, whatever the answer was: its function may have been stored just after.
        """
        async with self._collecting:
            self._touched.clear()
            present = await self._run(self._present)
            spared = await referenced()
            # From here to the renames nothing else runs on the event loop.
            now = self._clock.monotonic()
            idle = present - spared - self._touched - self._held.keys()
            self._unreferenced_since = {s: self._unreferenced_since.get(s, now) for s in idle}
            due = [s for s, since in self._unreferenced_since.items() if now - since >= grace]
            for sha256 in due:
                self._discard(sha256)
                del self._unreferenced_since[sha256]
            await self._run(self._empty_work_of_discarded)
            return due

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_BOUND:
            raise ServiceError("Too many deployment packages are being processed.")
        self._waiting += 1
        try:
            future = asyncio.get_running_loop().run_in_executor(self._executor, work)
            async with asyncio.timeout(DEADLINE_SECONDS):  # wait_for swallows cancellations: see database.py
                return await future
        except TimeoutError:
            raise ServiceError("A deployment package took too long to be processed.") from None
        except OSError as error:
            raise ServiceError(f"A deployment package could not be kept: {error}") from error
        finally:
            self._waiting -= 1

    def _prepare(self) -> list[Path]:
        for directory in (self._zips, self._unpacked, self._work):
            directory.mkdir(parents=True, exist_ok=True)
        boot_id = _BOOT_ID.read_text() if _BOOT_ID.exists() else str(uuid.uuid4())
        if not self._boot_id.exists() or self._boot_id.read_text() != boot_id:
            self._unpacked.rename(self._new_work())
            self._unpacked.mkdir()
            self._boot_id.write_text(boot_id)
        return list(self._work.iterdir())

    def _keep(self, sha256: str, content: bytes) -> None:
        """The zip is unpacked before it is kept: a bad one leaves nothing."""
        zip_path, work = self.zip_path(sha256), self._new_work()
        if zip_path.exists():
            self._unpack_kept(sha256)
            return
        try:
            with work.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._unpack(work, self.directory(sha256))
            work.rename(zip_path)
            _sync_directory(self._zips)
        finally:
            work.unlink(missing_ok=True)

    def _unpack_kept(self, sha256: str) -> None:
        if not self.directory(sha256).is_dir():
            self._unpack(self.zip_path(sha256), self.directory(sha256))

    def _unpack(self, archive: Path, directory: Path) -> None:
        self._install(lambda work: unpack(archive, work), directory)

    def _install(self, make: Callable[[Path], object], directory: Path) -> None:
        """Have a directory made elsewhere and put it into its place whole."""
        work = self._new_work()
        try:
            make(work)
            try:
                work.rename(directory)
            except OSError:
                if not directory.is_dir():  # else someone was quicker with the very same content
                    raise
        finally:
            _remove(work)

    def _present(self) -> set[str]:
        return {p.stem for p in self._zips.iterdir()} | {p.name for p in self._unpacked.iterdir()}

    def _discard(self, sha256: str) -> None:
        for path in (self.zip_path(sha256), self.directory(sha256)):
            if path.exists():
                path.rename(self._work / f"discarded-{uuid.uuid4().hex}")

    def _empty_work_of_discarded(self) -> None:
        _remove_all(list(self._work.glob("discarded-*")))

    def _new_work(self) -> Path:
        return self._work / uuid.uuid4().hex


def merged_digest(layers: Sequence[str]) -> str:
    """What packages merged in this order are called, in hexadecimal; a single one keeps its name."""
    return layers[0] if len(layers) == 1 else hashlib.sha256(" ".join(layers).encode()).hexdigest()


def _size(directory: Path) -> int:
    total = 0
    for root, _, files in os.walk(directory):
        total += sum(os.lstat(os.path.join(root, name)).st_size for name in files)
    return total


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_all(paths: list[Path]) -> None:
    for path in paths:
        _remove(path)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
