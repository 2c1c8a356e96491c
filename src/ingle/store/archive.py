"""Unpack a deployment package: a zip from a stranger, who may mean harm.

Refused: names that leave the directory, entries that go through a file or a link, links that lead out,
devices and pipes, encryption, compression other than deflate, more than Lambda's unpacked size, declared or
real, and more entries than a disk should be asked for. Where one name comes twice, the later entry counts, as
with `unzip -o`.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import calendar
import contextlib
import errno
import mmap
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ingle.model.errors import InvalidParameterValue
from ingle.model.quotas import CODE_SIZE_UNZIPPED

ENTRIES_BOUND = 200_000  # files and directories together; node_modules at its worst has a quarter of that
LINK_BOUND = 4096  # bytes of a link's target, as in Linux's PATH_MAX
_CHUNK = 1024 * 1024
_CENTRAL_HEADER = re.compile(rb"PK\x01\x02")
_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_UNIX = 3  # ZipInfo.create_system of archives that carry Unix modes


class BadArchive(InvalidParameterValue):
    """AWS says the same of every archive that it cannot or will not unpack; `reason` is for our log."""

    def __init__(self, reason: str) -> None:
        super().__init__("Could not unzip uploaded file. Please check your file, then try to upload again.")
        self.reason = reason


class EmptyArchive(InvalidParameterValue):
    """There is nothing in it."""

    def __init__(self) -> None:
        super().__init__("Uploaded file must be a non-empty zip")


class TooLarge(InvalidParameterValue):
    """The package is, or says that it is, too large when unpacked."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Unzipped size must be smaller than {limit} bytes")


@dataclass(frozen=True)
class _Plan:
    """What to make, checked: directories (parents first), files, links; names relative to the root."""

    directories: list[str]
    files: dict[str, zipfile.ZipInfo]
    links: dict[str, zipfile.ZipInfo]


def unpack(archive: Path, target: Path, limit: int = CODE_SIZE_UNZIPPED) -> int:
    """Unpack into the new directory `target` and return the size of its files in bytes.

    Everything is world-readable, what was executable for someone is for everyone, times are kept. On an
    error `target` is left behind half-made: the caller throws it away. Raises BadArchive,
    EmptyArchive, TooLarge.
    """
    if archive.stat().st_size == 0:
        raise EmptyArchive
    try:
        _bound_entries(archive)
        with zipfile.ZipFile(archive) as opened:
            plan = _plan(opened.infolist(), limit)
            target.mkdir()
            for directory in plan.directories:
                (target / directory).mkdir()
            written = _write_files(opened, plan, target, limit)
            _make_links(opened, plan, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise BadArchive(str(error)) from error
    except OSError as error:
        raise _blame(error) from error
    for directory in plan.directories:
        (target / directory).chmod(0o755)
    target.chmod(0o755)
    return written


def _bound_entries(archive: Path) -> None:
    """Count directory headers before `zipfile` makes an object of each: there may be a million in 50 MB."""
    with archive.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for _ in islice(_CENTRAL_HEADER.finditer(content), ENTRIES_BOUND, None):
            raise BadArchive("too many entries")


def _plan(entries: list[zipfile.ZipInfo], limit: int) -> _Plan:
    if not entries:
        raise EmptyArchive
    if sum(entry.file_size for entry in entries) >= limit:
        raise TooLarge(limit)
    directories: set[str] = set()
    others: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        parts = _parts(entry)
        parents = parts if _kind(entry) == stat.S_IFDIR else parts[:-1]
        directories.update(_prefixes(parents))
        if _kind(entry) != stat.S_IFDIR:
            others["/".join(parts)] = entry
        if len(directories) + len(others) > ENTRIES_BOUND:
            raise BadArchive("too many entries")
    if clash := directories & others.keys():
        raise BadArchive(f"{min(clash)!r} is a directory and something else")
    links = {name: entry for name, entry in others.items() if _kind(entry) == stat.S_IFLNK}
    files = {name: entry for name, entry in others.items() if name not in links}
    return _Plan(sorted(directories), files, links)


def _parts(entry: zipfile.ZipInfo) -> list[str]:
    """The components of an entry's name; `.` and a doubled slash say nothing, `..` and a root too much."""
    if entry.flag_bits & 0x1:
        raise BadArchive("encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadArchive(f"compression method {entry.compress_type}")
    parts = [part for part in entry.filename.split("/") if part not in ("", ".")]
    if entry.filename.startswith("/") or ".." in parts or (not parts and not entry.is_dir()):
        raise BadArchive(f"the name {entry.filename!r}")
    return parts


def _prefixes(parts: list[str]) -> Iterator[str]:
    # A name may have thousands of components; the path limit of the system is far below that.
    if len("/".join(parts)) > LINK_BOUND:
        raise BadArchive("a name longer than a path can be")
    return ("/".join(parts[: n + 1]) for n in range(len(parts)))


def _kind(entry: zipfile.ZipInfo) -> int:
    """S_IFDIR, S_IFREG or S_IFLNK; anything else an archive can carry is refused."""
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
    if entry.is_dir():
        kind = kind or stat.S_IFDIR
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK) or (
        entry.is_dir() is not (kind == stat.S_IFDIR)
    ):
        raise BadArchive(f"{entry.filename!r} is of the type {kind:o}")
    return kind or stat.S_IFREG


def _write_files(opened: zipfile.ZipFile, plan: _Plan, target: Path, limit: int) -> int:
    written = 0
    for name, entry in plan.files.items():
        executable = entry.create_system == _UNIX and (entry.external_attr >> 16) & 0o111
        path = target / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file, opened.open(entry) as content:
            while chunk := content.read(_CHUNK):
                written += len(chunk)
                if written >= limit:
                    raise TooLarge(limit)
                file.write(chunk)
            os.fchmod(descriptor, 0o755 if executable else 0o644)
        os.utime(path, (_seconds(entry), _seconds(entry)))
    return written


def _make_links(opened: zipfile.ZipFile, plan: _Plan, target: Path) -> None:
    """Links come last, when nothing is written any more, and are judged as the system would follow them."""
    for name, entry in plan.links.items():
        if entry.file_size > LINK_BOUND:
            raise BadArchive(f"the link {name!r} is too long")
        os.symlink(opened.read(entry), os.fsencode(target / name))
    root = os.path.realpath(target)
    for name in plan.links:
        link = target / name
        inside = os.path.realpath(link)
        if os.path.isabs(os.readlink(link)) or not (inside == root or inside.startswith(root + os.sep)):
            raise BadArchive(f"the link {name!r} leads out")
        with contextlib.suppress(FileNotFoundError):  # a link to nothing harms nobody; a loop raises ELOOP
            link.stat()


def _seconds(entry: zipfile.ZipInfo) -> int:
    try:
        return calendar.timegm(entry.date_time)
    except ValueError:  # month 0 and the like
        return calendar.timegm(_EPOCH_OF_ZIP)


# What the system says when an archive asks for something that no file system would do.
_ARCHIVE_ERRNOS = frozenset(
    {
        errno.ENAMETOOLONG,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EINVAL,
        errno.EILSEQ,
        errno.ELOOP,
        errno.ENOENT,
    }
)


def _blame(error: OSError) -> Exception:
    """A bad name is the archive's fault; a full disk is ours and stays an OSError."""
    return BadArchive(str(error)) if error.errno in _ARCHIVE_ERRNOS else error
