"""Whatever an archive says, nothing is written outside of its directory and nothing unreadable inside."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.store import archive as module
from ingle.store.archive import BadArchive, EmptyArchive, TooLarge, unpack

Entry = tuple[str, int, bytes]  # name, Unix mode, content


def make(*entries: Entry, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, mode, data in entries:
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.create_system, info.external_attr, info.compress_type = 3, mode << 16, method
            archive.writestr(info, data)
    return content.getvalue()


def attempt(directory: Path, content: bytes, limit: int = 10_000) -> Path:
    (directory / "package.zip").write_bytes(content)
    unpack(directory / "package.zip", directory / "task", limit)
    return directory / "task"


FILE, EXECUTABLE, LINK = stat.S_IFREG | 0o600, stat.S_IFREG | 0o700, stat.S_IFLNK | 0o777


def test_files_are_readable_by_all_and_keep_exec_bits_and_times(tmp_path: Path) -> None:
    task = attempt(
        tmp_path, make(("a/b/app.py", FILE, b"x"), ("bin/run", EXECUTABLE, b"y"), ("empty/", 0, b""))
    )
    app, run = (task / "a/b/app.py").stat(), (task / "bin/run").stat()
    assert (app.st_mode & 0o7777, run.st_mode & 0o7777) == (0o644, 0o755)
    assert app.st_mtime == 1_714_979_290
    assert all(p.stat().st_mode & 0o7777 == 0o755 for p in (task, task / "a", task / "a/b", task / "empty"))


def test_setuid_is_not_kept(tmp_path: Path) -> None:
    task = attempt(tmp_path, make(("x", stat.S_IFREG | 0o6755, b"")))
    assert (task / "x").stat().st_mode & 0o7777 == 0o755


def test_links_inside_stay_links(tmp_path: Path) -> None:
    task = attempt(
        tmp_path, make(("lib/a.so.1", FILE, b"elf"), ("lib/a.so", LINK, b"a.so.1"), ("l", LINK, b"lib"))
    )
    assert os.readlink(task / "lib/a.so") == "a.so.1"
    assert (task / "l/a.so").read_bytes() == b"elf"


def test_of_one_name_twice_the_later_counts(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = make(("x", FILE, b"old"), ("x", EXECUTABLE, b"new"))
    assert (attempt(tmp_path, content) / "x").read_bytes() == b"new"


@pytest.mark.parametrize(
    "entries",
    [
        [("../x", FILE, b"")],
        [("a/../../x", FILE, b"")],
        [("/etc/x", FILE, b"")],
        [("..", LINK, b"x")],
        [("l", LINK, b"/etc")],
        [("l", LINK, b"..")],
        [("a/l", LINK, b"../../x")],
        [("l", LINK, b"/etc"), ("l/passwd", FILE, b"")],
        [("l", LINK, b"a"), ("a/x", FILE, b""), ("l/y", FILE, b"")],
        [("a/b/c/d", LINK, b"../../.."), ("a/b/c/e", LINK, b"d/../x")],  # harmless only to a lexical check
        [("x", FILE, b""), ("x/y", FILE, b"")],
        [("x/", 0, b""), ("x", FILE, b"")],
        [("dev", stat.S_IFCHR | 0o666, b"")],
        [("pipe", stat.S_IFIFO | 0o666, b"")],
        [("socket", stat.S_IFSOCK | 0o666, b"")],
        [("d/", stat.S_IFLNK | 0o777, b"..")],
        [("n" * 256, FILE, b"")],
        [("l", LINK, b"x" * 5000)],
        [("l", LINK, b"")],
        [("a", LINK, b"b"), ("b", LINK, b"a")],
        [("l", LINK, b"a\0b")],
    ],
)
def test_an_archive_that_means_harm_is_refused(tmp_path: Path, entries: list[Entry]) -> None:
    with pytest.raises(
        BadArchive,
        match=r"^Could not unzip uploaded file\. Please check your file, then try to upload again\.$",
    ):
        attempt(tmp_path, make(*entries))
    assert {p.name for p in tmp_path.iterdir()} <= {"package.zip", "task"}


def test_a_name_of_ten_thousand_directories_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive):
        attempt(tmp_path, make(("d/" * 10_000 + "x", FILE, b"")))


def test_more_entries_than_the_bound_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_BOUND", 10)
    attempt(tmp_path, make(*((f"f{n}", FILE, b"") for n in range(10))))
    for entries in ([(f"f{n}", FILE, b"") for n in range(11)], [("a/b/c/d/e/f/g/h/i/j/k", FILE, b"")]):
        (tmp_path / "again").mkdir(exist_ok=True)
        with pytest.raises(BadArchive):
            attempt(tmp_path / "again", make(*entries))


def test_encryption_and_uncommon_compression_are_refused(tmp_path: Path) -> None:
    encrypted = bytearray(make(("x", FILE, b"secret")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(signature) + offset] |= 1
    for content in (bytes(encrypted), make(("x", FILE, b"x"), method=zipfile.ZIP_LZMA)):
        with pytest.raises(BadArchive):
            attempt(tmp_path, content)


def test_what_declares_too_much_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="Unzipped size must be smaller than 10000 bytes"):
        attempt(tmp_path, make(("a", FILE, bytes(5_000)), ("b", FILE, bytes(5_000))))
    assert not (tmp_path / "task").exists()
    attempt(tmp_path, make(("a", FILE, bytes(5_000)), ("b", FILE, bytes(4_999))))


def test_what_declares_less_than_it_holds_gets_no_further_than_it_declared(tmp_path: Path) -> None:
    bomb = bytearray(make(("x", FILE, bytes(1_000_000))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = bomb.index(signature) + offset
        bomb[at : at + 4] = struct.pack("<I", 10)
    with pytest.raises(BadArchive):
        attempt(tmp_path, bytes(bomb))
    assert sum(p.stat().st_size for p in (tmp_path / "task").rglob("*")) <= 10


def test_nothing_is_no_package(tmp_path: Path) -> None:
    for content in (b"", make()):
        with pytest.raises(EmptyArchive, match="Uploaded file must be a non-empty zip"):
            attempt(tmp_path, content)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_scribbled_archive_is_unpacked_or_refused_and_never_worse(data: st.DataObject) -> None:
    content = bytearray(
        make(("a/app.py", FILE, b"import os\n" * 20), ("a/l", LINK, b"app.py"), ("b/", 0, b""))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    _unpacked_or_refused(bytes(content[: data.draw(st.integers(0, len(content)))] or content))


NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "", "é", "x.py"]), min_size=1, max_size=4).map(
    "/".join
)
MODES = st.sampled_from([FILE, EXECUTABLE, LINK, 0, stat.S_IFDIR | 0o755, stat.S_IFBLK | 0o666])


@given(st.lists(st.tuples(NAMES, MODES, st.sampled_from([b"", b"a", b"../a", b"..", b"/a", b"b/../.."]))))
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_combination_of_names_and_links_leads_out(entries: list[Entry]) -> None:
    _unpacked_or_refused(make(*((name or "x", mode, data) for name, mode, data in entries)))


def _unpacked_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        with contextlib.suppress(BadArchive, EmptyArchive, TooLarge):
            task = attempt(root, content)
            for path in task.rglob("*"):
                assert path.resolve().is_relative_to(task)
                assert path.is_symlink() or path.is_dir() or path.is_file()
        assert {p.name for p in root.iterdir()} <= {"package.zip", "task"}
