"""Runtimes are named, missing ones explained, and their directories made once and whole."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ingle.model.errors import ServiceError
from ingle.worker.catalogue import (
    Catalogue,
    Installation,
    Missing,
    PythonFamily,
    StagingError,
    packages,
    staging,
)
from ingle.worker.catalogue.packages import Contents
from ingle.worker.catalogue.supplier import CatalogueSupplier, zygote


def installation(runtime: str, directory: str = "/nowhere") -> Installation:
    version = runtime.removeprefix("python") + ".1"
    return Installation(
        runtime, version, "/opt/py/bin/python", ("/opt/py/lib",), (), directory, f"{directory}/p.py"
    )


class Family(PythonFamily):
    """The Python family over installations that are given, its staging counted."""

    def __init__(self, *have: Installation) -> None:
        super().__init__(Path("/nowhere"), environ={"PATH": ""})
        self.have = list(have)
        self.staged: list[str] = []
        self.finished: list[str] = []
        self.fails = False

    def discover(self) -> list[Installation]:
        return self.have

    def stage(self, installation: Installation) -> None:
        self.staged.append(installation.runtime)
        if self.fails:
            raise StagingError("disk full")

    def finish(self, installation: Installation) -> None:
        self.finished.append(installation.runtime)


def catalogue(family: Family, allow_nearest: bool = False) -> Catalogue:
    made = Catalogue([family], allow_nearest=allow_nearest)
    made.discover()
    return made


def test_a_missing_runtime_says_how_to_get_it() -> None:
    found = catalogue(Family(installation("python3.11"))).availability("python3.14")
    assert isinstance(found, Missing)
    assert found.message == (
        "Runtime python3.14 is not installed on this machine (found: python3.11). "
        "Get it with `pyenv install 3.14` or `uv python install 3.14`, then start Ingle again."
    )


@pytest.mark.parametrize(
    ("runtime", "words"), [("python3.7", "too old for Ingle"), ("nodejs22.x", "not one that Ingle runs yet")]
)
def test_a_runtime_that_cannot_be_had_says_so(runtime: str, words: str) -> None:
    found = catalogue(Family()).availability(runtime)
    assert isinstance(found, Missing)
    assert words in found.message


@pytest.mark.parametrize(
    ("runtime", "taken"),
    [("python3.14", "python3.13"), ("python3.11", "python3.12"), ("python3.8", "python3.10")],
)
def test_where_it_is_allowed_the_nearest_version_is_taken_and_said(runtime: str, taken: str) -> None:
    have = [installation(f"python3.{minor}") for minor in (10, 12, 13)]
    found = catalogue(Family(*have), allow_nearest=True).availability(runtime)
    assert isinstance(found, Installation)
    assert found.runtime == taken
    assert found.notes[-1].startswith(f"{runtime} is not on this machine")


async def test_concurrent_preparations_of_one_runtime_share_the_work() -> None:
    family = Family(installation("python3.12"))
    made = catalogue(family)
    await asyncio.gather(*(made.prepare(family.have[0]) for _ in range(5)))
    await made.close()
    assert (family.staged, family.finished) == (["python3.12"], ["python3.12"])


async def test_a_preparation_that_failed_is_tried_again() -> None:
    family = Family(installation("python3.12"))
    made = catalogue(family)
    family.fails = True
    with pytest.raises(StagingError):
        await made.prepare(family.have[0])
    family.fails = False
    await made.prepare(family.have[0])
    assert family.staged == ["python3.12"] * 2
    await made.close()


async def test_a_supply_is_the_zygote_and_the_directory_shown_as_var_runtime() -> None:
    one = installation("python3.12", "/data/r")
    made = catalogue(Family(one))
    supply = await CatalogueSupplier(made).supply("python3.12")
    await made.close()
    assert supply.program == zygote(one).name == "python3.12"
    assert [(bind.source, bind.target) for bind in supply.binds] == [("/data/r", "/var/runtime")]
    assert zygote(one).program == "/data/r/p.py"


async def test_a_supply_of_a_missing_runtime_is_our_error_with_the_way_to_get_it() -> None:
    with pytest.raises(ServiceError, match="pyenv install"):
        await CatalogueSupplier(catalogue(Family())).supply("python3.12")


def test_a_staged_directory_imports_boto3_and_the_runtime_and_nothing_of_the_node(
    staged: Callable[[str], Installation], family: PythonFamily
) -> None:
    one = staged("python3.11")
    family.finish(one)
    directory = Path(one.directory)
    assert not list(directory.glob("runtime_client*")), "the channel replaces the HTTP client"
    assert not (directory / "uvicorn").exists()
    assert not (directory / "ingle").exists()
    code = (
        f"import os, sys; sys.path.insert(0, {one.directory!r}); import boto3; "
        "print(boto3.__file__, os.path.exists(boto3.__cached__))"
    )
    command = [one.interpreter, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == [f"{one.directory}/boto3/__init__.py", "True"]


def test_a_staged_directory_is_readable_to_every_user(staged: Callable[[str], Installation]) -> None:
    root = Path(staged("python3.11").directory)
    assert all(path.stat().st_mode & 0o004 for path in [root, *root.rglob("*")])


def test_staging_twice_changes_nothing_and_leaves_nothing_behind(
    staged: Callable[[str], Installation], family: PythonFamily
) -> None:
    one = staged("python3.11")
    before = Path(one.directory).stat().st_mtime_ns
    family.stage(one)
    assert Path(one.directory).stat().st_mtime_ns == before
    assert [path.name for path in Path(one.directory).parent.iterdir()] == [Path(one.directory).name]


def test_staging_that_fails_leaves_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(staging, "_fill", full)
    directory = tmp_path / "python3.12" / "abc"
    with pytest.raises(StagingError, match="No space left"):
        staging.stage(directory, "/no/python", Contents((), ".so", "", ()), tmp_path)
    assert list(directory.parent.iterdir()) == []


def test_prune_removes_what_no_installation_uses(tmp_path: Path) -> None:
    keep = tmp_path / "python3.12" / "new"
    for path in (
        keep,
        tmp_path / "python3.12" / "old",
        tmp_path / "python3.9" / ".x.tmp",
        tmp_path / "packages",
    ):
        path.mkdir(parents=True)
    staging.prune(tmp_path, {keep})
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")) == ["python3.12/new"]
    assert (tmp_path / "packages").exists()


def test_another_program_gives_another_directory(tmp_path: Path) -> None:
    contents = Contents((), ".so", "boto3 1", ())
    (tmp_path / "program.py").write_text("a = 1\n")
    first = staging.place(tmp_path, "python3.12", "3.12.1", contents, tmp_path)
    assert staging.place(tmp_path, "python3.12", "3.12.1", contents, tmp_path) == first
    (tmp_path / "program.py").write_text("a = 2\n")
    assert staging.place(tmp_path, "python3.12", "3.12.1", contents, tmp_path) != first


@pytest.mark.parametrize(
    ("field", "version", "allowed"),
    [
        (">=3.10", (3, 9), False),
        (">= 3.10", (3, 10), True),
        ("!=3.0.*,!=3.1.*,>=2.7", (3, 8), True),
        (">=2.7, !=3.8.*", (3, 9), True),
        ("", (3, 8), True),
    ],
)
def test_requires_python_is_read_by_its_lower_bound(
    field: str, version: tuple[int, int], allowed: bool
) -> None:
    assert packages.supports(field, version) is allowed


def test_a_python_that_the_sdk_left_behind_lacks_boto3_and_the_note_says_how_to_get_it(
    tmp_path: Path,
) -> None:
    contents = packages.contents((3, 8), ".cpython-38-x86_64-linux-gnu.so", tmp_path / "absent")
    assert not any(path.startswith("boto3/") for path in contents.files())
    assert "awslambdaric/bootstrap.py" in contents.files()
    assert any("no boto3" in note and "ingle runtimes install python3.8" in note for note in contents.lacks)
