"""Puts one `/var/runtime` together: atomically and once per content."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ingle.worker.catalogue.family import StagingError
from ingle.worker.catalogue.packages import Contents

PROGRAM_PACKAGE = "ingle_runtime"
PROGRAM = f"{PROGRAM_PACKAGE}/program.py"
COMPILE_SECONDS = 120.0
_FORMAT = "1"  # changes when the layout does
_COMPILED = ".compiled"
# What the zygote itself imports, and so is compiled before the directory is used; the SDK follows later.
_FIRST = (PROGRAM_PACKAGE, "awslambdaric", "simplejson")


def place(root: Path, runtime: str, version: str, contents: Contents, programs: Path) -> Path:
    """Where the directory of this content belongs; reads only the runtime's own few files in `programs`."""
    digest = hashlib.sha256()
    for part in (_FORMAT, version, contents.label):
        digest.update(part.encode() + b"\0")
    for source in sorted(programs.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return root / runtime / digest.hexdigest()[:16]


def stage(directory: Path, interpreter: str, contents: Contents, programs: Path) -> None:
    """Make `directory`, unless it is there. A crash in between leaves nothing that looks finished.

    Raises StagingError. Where the interpreter cannot be run from here nothing is compiled: slower, not wrong.
    """
    if directory.is_dir():
        return
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.name}."))
    except OSError as error:
        raise StagingError(f"cannot make {directory}: {error}") from error
    try:
        _fill(temporary, contents, programs)
        _compile(interpreter, [temporary / name for name in _FIRST])
        temporary.chmod(0o755)
        _publish(temporary, directory)
    except OSError as error:
        raise StagingError(f"cannot make {directory}: {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def finish(directory: Path, interpreter: str) -> None:
    """Byte-compile what `stage` did not, once; functions may already be using the directory."""
    marker = directory / _COMPILED
    if not marker.exists() and _compile(interpreter, [directory]):
        marker.touch()


def prune(root: Path, keep: set[Path]) -> None:
    """Remove directories of earlier contents and what crashes left; only while no sandbox is alive."""
    for runtime in root.glob("python3.*"):
        for directory in runtime.iterdir():
            if directory not in keep:
                shutil.rmtree(directory, ignore_errors=True)


def _fill(temporary: Path, contents: Contents, programs: Path) -> None:
    sources = contents.files()
    sources.update({f"{PROGRAM_PACKAGE}/{file.name}": file for file in programs.glob("*.py")})
    made: set[Path] = set()
    for name, source in sources.items():
        target = temporary / name
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        _copy(source, target)
    for directory, _, _ in os.walk(temporary):
        os.chmod(directory, 0o755)  # whatever the umask: the sandbox's user reads it


def _copy(source: Path, target: Path) -> None:
    """A copy and no hard link: who is given the data directory must not be given the node's own files."""
    shutil.copyfile(source, target)
    shutil.copystat(source, target)
    target.chmod(0o644)


def _publish(temporary: Path, directory: Path) -> None:
    try:
        temporary.rename(directory)
    except OSError:
        if not directory.is_dir():  # another process was first: its content is the same
            raise


def _compile(interpreter: str, paths: list[Path]) -> bool:
    """Whether the interpreter compiled everything below `paths`; files that it cannot parse do not matter."""
    command = [interpreter, "-I", "-S", "-m", "compileall", "-q", "-q", *map(os.fspath, paths)]
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMPILE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return True
