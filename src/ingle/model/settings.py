"""Every setting of Ingle, each documented once, here.

A value comes from the command line, else from the environment (`INGLE_PORT`), else from `ingle.toml` in the
working directory (`port = 4567`; another file by `INGLE_CONFIG`), else it is the default. `ingle config`
shows all of them with the place each value came from.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from math import inf
from pathlib import Path
from typing import Any

_PREFIX = "INGLE_"
_SERVICE = re.compile(r"[a-z][a-z0-9-]*=https?://[^/\s]+(?:/\S*)?")


class SettingError(ValueError):
    """A setting that cannot be what it was set to; the text names the setting and where it was set."""


def _setting(default: Any, help: str, choices: tuple[str, ...] = (), at_most: float = inf) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices, "at_most": at_most})


@dataclass(frozen=True)
class Settings:
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(4566, "Port to listen on.", at_most=65_535)
    data_dir: str = _setting(
        "",
        "Where all is kept; else /var/lib/ingle as root, ~/.local/share/ingle for others.",
    )
    isolation: str = _setting(
        "auto",
        "Isolation level of functions; auto takes the best that this machine can do.",
        ("auto", "namespaces", "rootless", "process"),
    )
    network: str = _setting(
        "nat",
        "What functions reach besides Ingle: the outside by NAT, nothing, or all that the host does.",
        ("nat", "none", "host"),
    )
    cpu: str = _setting(
        "share",
        "CPU in proportion to memory: as a share when busy, or strictly MemorySize/1769 processors.",
        ("share", "strict"),
    )
    memory_budget: int = _setting(
        0,
        "MB for all environments together, by MemorySize; 0: three quarters of the machine.",
    )
    concurrency: int = _setting(1000, "Concurrent executions of an account in one region.")
    keep_alive: float = _setting(600.0, "Seconds that an idle execution environment is kept.")
    freeze_after: float = _setting(
        0.1,
        "Seconds an idle environment stays thawed, so that a busy function pays no thawing.",
    )
    prepared: int = _setting(4, "Sandboxes kept prepared ahead of need.")
    runtime_substitution: str = _setting(
        "never",
        "For a runtime that is not installed: an error at create time, or the nearest version.",
        ("never", "nearest"),
    )
    service: tuple[str, ...] = _setting(
        (),
        "NAME=URL of an endpoint of yours instead of a service of Ingle's (s3=https://key:secret@host:9000); "
        "repeatable, separated by spaces in the environment, a list in ingle.toml.",
    )
    ephemeral: bool = _setting(False, "Keep nothing: all data lies in a directory that goes at the end.")
    check_roles: bool = _setting(
        False, "Refuse functions whose role is not in IAM or cannot be assumed by Lambda, as AWS does."
    )
    user: int = _setting(64_197, "User and group id that the node takes on when it is started as root.")
    log_level: str = _setting(
        "warning", "What the node itself says on stderr.", ("debug", "info", "warning", "error")
    )

    def directory(self) -> Path:
        """The data directory, made absolute."""
        if self.data_dir:
            return Path(self.data_dir).expanduser().absolute()
        if os.geteuid() == 0:
            return Path("/var/lib/ingle")
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return Path(base).expanduser().absolute() / "ingle"

    def remotes(self) -> dict[str, str]:
        """The user's own endpoints, by the name of the service that each is instead of."""
        return dict(one.split("=", 1) for one in self.service)


@dataclass(frozen=True)
class Source:
    """One setting's value, and where it came from: "flag", "environment", the file's name, or "default"."""

    name: str
    value: Any
    origin: str
    help: str


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str], directory: Path
) -> tuple[Settings, list[Source]]:
    """The settings in force. `flags` holds what was given on the command line, None for what was not.

    Raises SettingError.
    """
    chosen = environ.get(f"{_PREFIX}CONFIG")
    path = Path(chosen) if chosen else directory / "ingle.toml"
    file = _read(path, required=bool(chosen))
    sources = []
    for one in fields(Settings):
        variable = f"{_PREFIX}{one.name.upper()}"
        if flags.get(one.name) is not None:
            value, origin = flags[one.name], "flag"
        elif variable in environ:
            value, origin = environ[variable], variable
        elif one.name in file:
            value, origin = file[one.name], str(path)
        else:
            value, origin = one.default, "default"
        sources.append(Source(one.name, _convert(one, value, origin), origin, one.metadata["help"]))
    return Settings(**{source.name: source.value for source in sources}), sources


def _read(path: Path, required: bool) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if isinstance(error, FileNotFoundError) and not required:
            return {}
        raise SettingError(f"{path}: {error}") from error
    unknown = set(content) - {one.name for one in fields(Settings)}
    if unknown:
        raise SettingError(f"{path}: no such setting: {', '.join(sorted(unknown))}")
    return content


def _convert(one: Field[Any], value: Any, origin: str) -> Any:
    if isinstance(one.default, tuple):
        return _services(one.name, value, origin)
    if isinstance(one.default, bool):
        return _switch(one.name, value, origin)
    kind: type[str] | type[int] | type[float] = type(one.default)  # type: ignore[assignment]
    # A text is read; anything else has to be of the kind already, for int(4566.7) and int(True) are guesses.
    given = (str, Path, kind, int) if kind is float else (str, Path, kind)
    takes = isinstance(value, given) and not isinstance(value, bool)
    try:
        if not takes:
            raise TypeError
        converted = kind(value)
    except (TypeError, ValueError):
        raise SettingError(f"{one.name} ({origin}): {value!r} is not a {kind.__name__}") from None
    if not isinstance(converted, str) and not 0 <= converted <= one.metadata["at_most"]:
        raise SettingError(f"{one.name} ({origin}): {value!r} is out of range")
    choices = one.metadata["choices"]
    if choices and converted not in choices:
        raise SettingError(f"{one.name} ({origin}): {value!r} is not one of {', '.join(choices)}")
    return converted


def _switch(name: str, value: Any, origin: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        return value in ("1", "true", "yes", "on")
    raise SettingError(f"{name} ({origin}): {value!r} is neither true nor false")


def _services(name: str, value: Any, origin: str) -> tuple[str, ...]:
    given = value.split() if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise SettingError(f"{name} ({origin}): {value!r} is no list")
    for one in given:
        if not (isinstance(one, str) and _SERVICE.fullmatch(one)):
            raise SettingError(f"{name} ({origin}): {one!r} is not NAME=URL, such as s3=https://host:9000")
        if one.startswith("lambda="):
            raise SettingError(f"{name} ({origin}): Lambda itself is Ingle")
    return tuple(given)
