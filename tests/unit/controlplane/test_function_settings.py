"""Recursive loops and runtime updates: kept for a function and for a version, gone with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
RUNTIME = "arn:aws:lambda:us-east-1::runtime:0123456789abcdef"


async def test_recursive_loops_are_terminated_unless_they_are_allowed(plane: ControlPlane) -> None:
    await plane.create()
    assert await plane.call("GetFunctionRecursionConfig", FunctionName="f") == {"RecursiveLoop": "Terminate"}
    for choice in ("Allow", "Terminate", "Allow"):
        answer = await plane.call("PutFunctionRecursionConfig", FunctionName=ARN, RecursiveLoop=choice)
        assert answer == {"RecursiveLoop": choice}
        assert await plane.call("GetFunctionRecursionConfig", FunctionName="f") == answer


async def test_runtimes_are_updated_automatically_unless_it_is_said_otherwise(plane: ControlPlane) -> None:
    await plane.active(Publish=True)
    default = await plane.call("GetRuntimeManagementConfig", FunctionName="f")
    assert default == {"UpdateRuntimeOn": "Auto", "FunctionArn": ARN}
    pinned: dict[str, Any] = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": RUNTIME}
    answer = await plane.call("PutRuntimeManagementConfig", FunctionName="f", Qualifier="1", **pinned)
    assert answer == pinned | {"FunctionArn": f"{ARN}:1"}
    assert await plane.call("GetRuntimeManagementConfig", FunctionName="f:1") == answer
    assert await plane.call("GetRuntimeManagementConfig", FunctionName="f") == default
    await plane.call("PutRuntimeManagementConfig", FunctionName="f:1", UpdateRuntimeOn="FunctionUpdate")
    answer = await plane.call("GetRuntimeManagementConfig", FunctionName="f:1")
    assert answer == {"UpdateRuntimeOn": "FunctionUpdate", "FunctionArn": f"{ARN}:1"}


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"UpdateRuntimeOn": "Manual"}, "RuntimeVersionArn is required"),
        ({"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": RUNTIME}, "cannot be specified"),
    ],
)
async def test_a_runtime_version_goes_with_the_manual_mode(
    plane: ControlPlane, request_: dict[str, Any], text: str
) -> None:
    await plane.active()
    with pytest.raises(InvalidParameterValue, match=text):
        await plane.call("PutRuntimeManagementConfig", FunctionName="f", **request_)
    answer = await plane.call("GetRuntimeManagementConfig", FunctionName="f")
    assert answer["UpdateRuntimeOn"] == "Auto"


async def test_a_function_that_is_being_made_keeps_its_runtime_management(plane: ControlPlane) -> None:
    await plane.create()
    with pytest.raises(ResourceConflict, match="currently in the following state: Pending"):
        await plane.call("PutRuntimeManagementConfig", FunctionName="f", UpdateRuntimeOn="FunctionUpdate")


@pytest.mark.parametrize(
    ("operation", "request_", "arn"),
    [
        ("GetFunctionRecursionConfig", {}, ARN),
        ("PutFunctionRecursionConfig", {"RecursiveLoop": "Allow"}, ARN),
        ("GetRuntimeManagementConfig", {"Qualifier": "7"}, f"{ARN}:7"),
        ("PutRuntimeManagementConfig", {"Qualifier": "7", "UpdateRuntimeOn": "Auto"}, f"{ARN}:7"),
    ],
)
async def test_a_function_that_is_not_there_is_not_found(
    plane: ControlPlane, operation: str, request_: dict[str, Any], arn: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, FunctionName="f", **request_)
    assert caught.value.message == f"Function not found: {arn}"


async def test_settings_go_with_their_function(plane: ControlPlane) -> None:
    await plane.active(Publish=True)
    await plane.call("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Allow")
    await plane.call("PutRuntimeManagementConfig", FunctionName="f", UpdateRuntimeOn="FunctionUpdate")
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.active()
    assert await plane.call("GetFunctionRecursionConfig", FunctionName="f") == {"RecursiveLoop": "Terminate"}
    answer = await plane.call("GetRuntimeManagementConfig", FunctionName="f")
    assert answer["UpdateRuntimeOn"] == "Auto"
