"""The Python family: CPython interpreters found on this machine, each with AWS's runtime beside it."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import ingle.runtimes.python as programs
from ingle.worker.catalogue import interpreters, packages, staging
from ingle.worker.catalogue.family import Installation, Missing
from ingle.worker.catalogue.interpreters import Interpreter

_RUNTIME = re.compile(r"python(\d+)\.(\d+)")
_PROGRAMS = Path(programs.__file__).parent
FETCHED = Path(sys.prefix, "share", "ingle", "runtimes")


class PythonFamily:
    """A `RuntimeFamily`; what it stages lies below `root` (`<data-dir>/runtimes`).

    What `install` fetches belongs to this installation of Ingle, whatever data directory a node has, and lies
    beside its own packages.
    """

    name = "python"

    def __init__(
        self,
        root: Path,
        *,
        environ: Mapping[str, str] | None = None,
        home: Path | None = None,
        fetched: Path = FETCHED,
    ) -> None:
        self._root = root
        self._fetched_root = fetched
        self._environ = os.environ if environ is None else environ
        self._home = home or Path.home()
        self._contents: dict[str, packages.Contents] = {}

    def discover(self) -> list[Installation]:
        """The best interpreter for each minor version from 3.8 on, oldest first. Raises StagingError."""
        paths = interpreters.candidates(self._environ, self._home)
        found = interpreters.best(interpreters.discover(paths, self._root / "interpreters.json"))
        return [self._installation(found[minor]) for minor in sorted(found)]

    def missing(self, runtime: str, have: Sequence[Installation]) -> Missing:
        version = _minor(runtime)
        if version is None or version < interpreters.OLDEST:
            return Missing(
                runtime, f"Runtime {runtime} is too old for Ingle, which runs python3.8 and later."
            )
        number = "{}.{}".format(*version)
        ways = [f"pyenv install {number}", f"uv python install {number}"]
        if shutil.which("apt", path=self._environ.get("PATH")):
            ways.append(f"apt install python{number}")
        hint = " or ".join(f"`{way}`" for way in ways)
        there = ", ".join(one.runtime for one in have if one.runtime.startswith(self.name)) or "none"
        return Missing(
            runtime,
            f"Runtime {runtime} is not installed on this machine (found: {there}). "
            f"Get it with {hint}, then start Ingle again.",
        )

    def nearest(self, runtime: str, have: Sequence[Installation]) -> Installation | None:
        """The installation whose version is next to the one asked for, the newer of two equally near."""
        wanted = _minor(runtime)
        if wanted is None or wanted[0] != 3:
            return None
        rivals = [(minor[1], one) for one in have if (minor := _minor(one.runtime)) is not None]
        if not rivals:
            return None
        _, chosen = min(rivals, key=lambda rival: (abs(rival[0] - wanted[1]), -rival[0]))
        note = f"{runtime} is not on this machine: its functions run on Python {chosen.version}"
        return dataclasses.replace(chosen, notes=(*chosen.notes, note))

    def stage(self, installation: Installation) -> None:
        contents = self._contents[installation.directory]
        staging.stage(Path(installation.directory), installation.interpreter, contents, _PROGRAMS)

    def finish(self, installation: Installation) -> None:
        staging.finish(Path(installation.directory), installation.interpreter)

    def prune(self) -> None:
        """Remove what no installation found by `discover` uses; only while no sandbox is alive."""
        staging.prune(self._root, {Path(directory) for directory in self._contents})

    def install(self, runtime: str) -> None:
        """Fetch what this runtime lacks (its `notes`) with pip; the next `discover` sees it.

        Raises StagingError with pip's last words, ValueError for what is no Python runtime.
        """
        version = _minor(runtime)
        if version is None:
            raise ValueError(f"{runtime} is no Python runtime")
        packages.install(version, self._fetched(runtime))

    def _installation(self, interpreter: Interpreter) -> Installation:
        minor = interpreter.version[:2]
        runtime = "python{}.{}".format(*minor)
        contents = packages.contents(minor, interpreter.extension_suffix, self._fetched(runtime))
        version = ".".join(map(str, interpreter.version))
        directory = os.fspath(staging.place(self._root, runtime, version, contents, _PROGRAMS))
        self._contents[directory] = contents
        return Installation(
            runtime=runtime,
            version=version,
            interpreter=interpreter.executable,
            prefixes=_prefixes(interpreter),
            masks=_masks(interpreter),
            directory=directory,
            program=os.path.join(directory, staging.PROGRAM),
            notes=contents.lacks,
        )

    def _fetched(self, runtime: str) -> Path:
        return self._fetched_root / runtime


def _minor(runtime: str) -> tuple[int, int] | None:
    match = _RUNTIME.fullmatch(runtime)
    return (int(match[1]), int(match[2])) if match else None


def _prefixes(interpreter: Interpreter) -> tuple[str, ...]:
    """Where the interpreter and its libraries lie. /usr is in every sandbox; /usr/local is not."""
    if interpreter.base_prefix == "/usr":
        return ()
    places = (os.path.join(interpreter.base_prefix, name) for name in ("bin", "lib"))
    return tuple(place for place in places if os.path.isdir(place))


def _masks(interpreter: Interpreter) -> tuple[str, ...]:
    """Every directory of installed packages below the prefix, other versions' in a shared prefix included."""
    library = Path(interpreter.base_prefix, "lib")
    below = [*library.glob("python*/site-packages"), *library.glob("python*/dist-packages")]
    own = [Path(path) for path in interpreter.site]
    return tuple(sorted({os.fspath(path) for path in (*own, *below) if path.is_dir()}))
