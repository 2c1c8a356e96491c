"""All of moto's state in one file: one graph, because services refer to each other's objects.

The file is for the very version of moto (and of Python) that wrote it: its objects are moto's own. The first
line says which, so that another version sets it aside instead of misreading it.
"""

from __future__ import annotations

import io
import json
import os
import platform
from pathlib import Path
from typing import Any

import dill
import moto
from moto import backends
from moto.core.base_backend import BackendDict

from ingle.services.library.host.picklable import Pickler, collections, module_of

_FORMAT = 1
# Ingle's own, or no state at all.
_LEFT_OUT = {"awslambda", "sqs", "logs", "moto_api", "instance_metadata"}
# What a collection is made with anew; all else that it has is state (S3: which account has which bucket).
_MADE = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}


class Unreadable(Exception):
    """A snapshot of another version, or damaged."""


def dump() -> bytes:
    """The state as bytes. Called with the lock held."""
    state = {
        module_of(one): (_accounts(one), {k: v for k, v in vars(one).items() if k not in _MADE})
        for one in collections()
        if module_of(one) not in _LEFT_OUT
    }
    buffer = io.BytesIO()
    buffer.write(json.dumps(_versions()).encode() + b"\n")
    Pickler(buffer, protocol=dill.HIGHEST_PROTOCOL, recurse=False).dump(state)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> None:
    """Have the file be `content`, wholly or not at all."""
    work = path.with_suffix(".new")
    with work.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    work.replace(path)


def load(path: Path) -> None:
    """Take up the state in the file; before anything else is asked of moto. Raises Unreadable."""
    with path.open("rb") as file:
        try:
            versions = json.loads(file.readline())
        except ValueError as error:
            raise Unreadable(f"{path} is no snapshot") from error
        if versions != _versions():
            raise Unreadable(f"{path} is of {versions}, and this is {_versions()}")
        try:
            state = dill.load(file)
        except Exception as error:
            raise Unreadable(f"{path} cannot be read: {error!r}") from error
    for name, (accounts, further) in state.items():
        collection: BackendDict[Any] = backends.get_backend(name)
        vars(collection).update(further)
        for account, regions in accounts.items():
            for region, backend in regions.items():
                dict.__setitem__(collection[account], region, backend)


def _accounts(collection: BackendDict[Any]) -> dict[str, dict[str, Any]]:
    return {account: dict(regions.items()) for account, regions in collection.items()}


def _versions() -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "moto": moto.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
