"""The background ends what was begun, also what an earlier life of the node began."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ingle.model.errors import ServiceError
from ingle.model.function import FunctionVersion
from ingle.model.names import FunctionKey
from ingle.model.quotas import AccountLimits
from ingle.model.states import LastUpdateStatus, State

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

KEY = FunctionKey("000000000000", "us-east-1", "f")


async def _until_active(plane: ControlPlane) -> None:
    changed = asyncio.Event()
    plane.functions.on_change(lambda key: changed.set())
    async with asyncio.timeout(10):
        while (await plane.call("GetFunctionConfiguration", FunctionName="f"))["State"] != "Active":
            await changed.wait()
            changed.clear()


async def test_a_running_lifecycle_activates_a_new_function(plane: ControlPlane) -> None:
    await plane.lifecycle.start()
    await plane.create()
    await _until_active(plane)
    await plane.lifecycle.close()
    await plane.lifecycle.close()


async def test_what_was_pending_is_resumed_after_a_restart(
    plane_with: Callable[[AccountLimits], ControlPlane],
) -> None:
    before = plane_with(AccountLimits())
    await before.create(Publish=True)
    shutil.rmtree(before.code.directory((await _version(before)).code_sha256))
    after = plane_with(AccountLimits())
    await after.lifecycle.start()
    await _until_active(after)
    await after.lifecycle.close()
    version = await _version(after)
    assert (after.code.directory(version.code_sha256) / "app.py").exists()
    assert await after.functions.unsettled(10) == []


async def test_a_creation_with_a_package_that_cannot_be_unpacked_fails(plane: ControlPlane) -> None:
    await plane.create()
    sha256 = (await _version(plane)).code_sha256
    shutil.rmtree(plane.code.directory(sha256))
    plane.code.zip_path(sha256).write_bytes(b"scribbled over")
    await plane.lifecycle.settle_all()
    failed = (await _version(plane)).configuration
    assert (failed.state, failed.state_reason_code) == (State.FAILED, "InvalidZipFileException")
    assert failed.last_update_status is LastUpdateStatus.FAILED
    updated = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"))
    assert (updated["State"], updated["LastUpdateStatus"]) == ("Pending", "InProgress")
    await plane.lifecycle.settle_all()
    assert (await _version(plane)).configuration.state is State.ACTIVE


async def test_a_fault_of_ours_fails_no_function_and_holds_up_no_other(plane: ControlPlane) -> None:
    await plane.create()
    await plane.create("g", Code={"ZipFile": plane.package("x = 1")})
    sha256 = (await _version(plane)).code_sha256
    shutil.rmtree(plane.code.directory(sha256))
    plane.code.zip_path(sha256).unlink()
    with pytest.raises(ServiceError):
        await plane.lifecycle.settle_all()
    assert (await _version(plane)).configuration.state is State.PENDING
    assert (await plane.call("GetFunctionConfiguration", FunctionName="g"))["State"] == "Active"


async def test_a_function_that_cannot_be_settled_is_tried_again_and_holds_up_no_new_one(
    plane: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    await plane.create("broken", Code={"ZipFile": plane.package("broken = 1")})
    (broken,) = await plane.functions.unsettled(10)
    shutil.rmtree(plane.code.directory(broken.code_sha256))
    plane.code.zip_path(broken.code_sha256).unlink()
    await plane.lifecycle.start()
    await plane.create()
    await _until_active(plane)
    await plane.lifecycle.close()
    assert "could not be settled" in caplog.text
    assert await plane.functions.unsettled(10) == [broken]


async def test_unused_code_is_removed_at_start_and_used_code_is_not(plane: ControlPlane) -> None:
    await plane.active()
    used = (await _version(plane)).code_sha256
    async with plane.code.keeping(plane.package("unused = 1")) as unused:
        pass
    await plane.lifecycle.start()
    await plane.lifecycle.close()
    assert not plane.code.zip_path(unused.sha256).exists()
    assert not plane.code.directory(unused.sha256).exists()
    assert plane.code.zip_path(used).exists()
    assert plane.code.directory(used).exists()


async def _version(plane: ControlPlane) -> FunctionVersion:
    found = await plane.functions.get(KEY)
    assert found is not None
    return found
