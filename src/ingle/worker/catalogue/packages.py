"""Which packages stand in `/var/runtime`, and where the files of each come from.

The runtime client and the SDK come from the node's own environment wherever that suits the interpreter. The
rest (an SDK for Pythons that the node's own no longer supports, and simplejson's C part) is fetched once per
version by `install`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ingle.worker.catalogue.family import StagingError

# awslambdaric asks for a newer Python than 3.8, and its pure part runs there all the same: the tests run it
# on every version. So these are taken whatever they ask for.
CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
FETCHED = ("simplejson", *SDK)
FETCH_SECONDS = 600.0

# The last ones that support a Python which the node's own SDK has left behind.
_LAST = {
    (3, 8): ("boto3==1.37.38", "simplejson==4.1.2"),
    (3, 9): ("boto3==1.42.97", "simplejson==4.3.0"),
}
_LEFT_OUT = re.compile(r"(^|/)(__pycache__|tests)/|^\.\./|^/")


@dataclass(frozen=True)
class Contents:
    """What a runtime directory is made of. label: the same packages, the same label. lacks: what is not there
    and why, in words for the user."""

    distributions: tuple[metadata.Distribution, ...]
    extension_suffix: str
    label: str
    lacks: tuple[str, ...]

    def files(self) -> dict[str, Path]:
        """Path in the runtime directory -> source. Reads every package's list of files: some 10 ms."""
        found: dict[str, Path] = {}
        for distribution in self.distributions:
            found.update(_files(distribution, self.extension_suffix))
        return found


def contents(version: tuple[int, int], extension_suffix: str, fetched: Path) -> Contents:
    """Choose the packages for one Python: from the directory `fetched` if `install` made it, else the node's.

    Raises StagingError if the node's own environment lacks AWS's runtime client.
    """
    chosen: dict[str, metadata.Distribution] = {}
    for name in (*CLIENT, *SDK):
        distribution = _fetched(name, fetched) or _own(name)
        if distribution is not None and (name in CLIENT or supports(_requires(distribution), version)):
            chosen[name] = distribution
    if missing := [name for name in CLIENT if name not in chosen]:
        raise StagingError(f"{', '.join(missing)} not found beside Ingle: install Ingle again")
    lacks = _lacks(version, chosen, extension_suffix)
    versions = [f"{name} {distribution.version}" for name, distribution in chosen.items()]
    label = "\n".join([*versions, extension_suffix, *lacks])
    return Contents(tuple(chosen.values()), extension_suffix, label, lacks)


def install(version: tuple[int, int], fetched: Path) -> None:
    """Fetch with pip, for one Python, what the node's own environment cannot give it, into `fetched`.

    Replaces an earlier one; takes up to 10 minutes. Raises StagingError with pip's last words.
    """
    fetched.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=fetched.parent, prefix=f".{fetched.name}."))
    try:
        _pip(version, temporary)
        temporary.chmod(0o755)
        if fetched.exists():
            shutil.rmtree(fetched)
        temporary.replace(fetched)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def supports(requires_python: str, version: tuple[int, int]) -> bool:
    """Whether a `Requires-Python` field allows the minor version, by its lower bounds."""
    bounds = re.findall(r">=\s*(\d+)\.(\d+)", requires_python)
    return all((int(major), int(minor)) <= version for major, minor in bounds)


def _pip(version: tuple[int, int], target: Path) -> None:
    wanted = _LAST.get(version) or (f"simplejson=={metadata.version('simplejson')}",)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-compile", "--only-binary", ":all:", "--python-version", "{}.{}".format(*version)]
    command += ["--target", os.fspath(target), *wanted]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise StagingError(f"pip did not end within {FETCH_SECONDS:.0f} s") from error
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise StagingError(
            f"pip could not fetch {', '.join(wanted)} for Python {version[0]}.{version[1]}: {last}"
        )


def _fetched(name: str, fetched: Path) -> metadata.Distribution | None:
    if name not in FETCHED:
        return None
    return next(iter(metadata.distributions(name=name, path=[os.fspath(fetched)])), None)


def _own(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _requires(distribution: metadata.Distribution) -> str:
    return "".join(distribution.metadata.get_all("Requires-Python") or ())


def _files(distribution: metadata.Distribution, extension_suffix: str) -> dict[str, Path]:
    """The distribution's files but for tests, scripts, byte-code and extension modules of other Pythons."""
    found: dict[str, Path] = {}
    for file in distribution.files or ():
        path = file.as_posix()
        if _LEFT_OUT.search(path):
            continue
        foreign = path.endswith(".so") and not path.endswith(extension_suffix)
        http_client = path.startswith("runtime_client.")  # the channel replaces it
        if not (foreign or http_client):
            found[path] = Path(str(distribution.locate_file(file)))
    return found


def _lacks(
    version: tuple[int, int], chosen: Mapping[str, metadata.Distribution], extension_suffix: str
) -> tuple[str, ...]:
    runtime = "python{}.{}".format(*version)
    command = f"`ingle runtimes install {runtime}`"
    lacks = []
    if any(name not in chosen for name in SDK):
        lacks.append(f"{runtime} has no boto3: the node's own does not support it; get it with {command}")
    if not any("/_speedups." in path for path in _files(chosen["simplejson"], extension_suffix)):
        lacks.append(
            f"{runtime} reads and writes JSON in pure Python, slower than Lambda; {command} ends that"
        )
    return tuple(lacks)
