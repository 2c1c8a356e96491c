"""Libraries that a function brings along are found by their names; others do not pay for it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.libraries import some_library

from ingle.runtimes.python.libraries import brought

if TYPE_CHECKING:
    from tests.unit.runtimes.conftest import Start

    from ingle.worker.catalogue import Installation

SOURCE = """
import ctypes, os
def handler(event, context):
    with open("/proc/self/cmdline") as file:
        anew = "program.py\\0" in file.read().partition("-c")[0]
    try:
        ctypes.CDLL("libbrought.so.1")
    except OSError:
        found = False
    else:
        found = True
    return {"anew": anew, "found": found, "path": os.environ.get("LD_LIBRARY_PATH")}
"""


def test_a_library_is_found_by_its_name_as_in_lambda(installation: Installation, start: Start) -> None:
    (node,) = start(installation, SOURCE)
    path = f"/var/lang/lib:/nowhere:{node.task}/lib"
    (node.task / "lib").mkdir()
    shutil.copy(some_library(), node.task / "lib" / "libbrought.so.1")
    assert node.init(environ={"LD_LIBRARY_PATH": path}).kind == 16
    assert node.invoke(b"{}").json == {"anew": True, "found": True, "path": path}
    assert node.invoke(b"{}").json == {"anew": True, "found": True, "path": path}
    status, output = node.end()
    assert (status, output) == (0, "")


def test_a_function_without_libraries_stays_a_fork(installation: Installation, start: Start) -> None:
    (node,) = start(installation, SOURCE)
    path = f"{node.task}:{node.task}/lib"
    assert node.init(environ={"LD_LIBRARY_PATH": path}).kind == 16
    assert node.invoke(b"{}").json == {"anew": False, "found": False, "path": path}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("libpq.so", True),
        ("libpq.so.5.16", True),
        ("lib.so", False),
        ("libpq.a", False),
        ("module.cpython-312-x86_64-linux-gnu.so", False),
        ("libfoo.source", False),
    ],
)
def test_what_is_asked_for_by_its_name(tmp_path: Path, name: str, found: bool) -> None:
    (tmp_path / name).touch()
    assert brought({"LD_LIBRARY_PATH": f"/nowhere::{tmp_path}"}) is found
    assert not brought({"LD_LIBRARY_PATH": "/lib64:/var/lang/lib"})
    assert not brought({})
