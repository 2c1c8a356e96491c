"""Packages with native code, installed by pip into the zip as Lambda's documentation tells it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import create, fresh_name, invoke, wait_active, zipped
from tests.conformance.missing import missing

_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_SOURCE = """
import io
import numpy
from PIL import Image

def handler(event, context):
    matrix = numpy.arange(event * event, dtype="u1").reshape(event, event)
    buffer = io.BytesIO()
    Image.fromarray(matrix).save(buffer, "PNG")
    with Image.open(io.BytesIO(buffer.getvalue())) as image:
        return [image.size, int(numpy.asarray(image).sum()), numpy.linalg.det(numpy.eye(3))]
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Pillow and numpy as files of a deployment package."""
    target = tmp_path_factory.mktemp("packages")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), "Pillow", "numpy"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        missing(f"pip cannot install Pillow and numpy: {done.stderr[-300:]}")
    return dict(_files(target))


def _files(root: Path) -> Any:
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not {"tests", "__pycache__", "bin"} & set(relative.parts):
            yield str(relative), path.read_bytes()


def test_pillow_and_numpy_work_in_a_function(client: Any, deploy: Deploy, packages: dict[str, bytes]) -> None:
    name = fresh_name("native")
    create(client, name, zipped(_SOURCE, packages), Runtime=_RUNTIME, MemorySize=512, Timeout=60)
    wait_active(client, name)
    try:
        assert invoke(client, name, 8).value == [[8, 8], sum(range(64)), 1.0]
    finally:
        client.delete_function(FunctionName=name)
