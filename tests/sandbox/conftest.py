"""Sandboxes need root and a kernel that gives namespaces: without them these tests skip, but fail in CI."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.sandbox.harness import Stage, config, staged


def require(condition: bool, what: str) -> None:
    """Skip where something is missing on a developer's machine; fail in CI, where it must be there."""
    if not condition:
        if os.environ.get("CI"):
            pytest.fail(f"{what} is missing, and CI must have it")
        pytest.skip(what)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A launcher at level `namespaces`, without a way to the outside."""
    require(os.geteuid() == 0, "root")
    async with staged(tmp_path, config(tmp_path)) as stage:
        yield stage
