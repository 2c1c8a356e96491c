"""Function URLs answer as AWS does, for functions and aliases, and keep their address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import InvalidParameterValue, ResourceConflict, ResourceNotFound
from ingle.model.quotas import AccountLimits

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
NOW = "2026-01-01T00:00:00.000000Z"
CORS = {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "MaxAge": 5, "AllowCredentials": False}


@pytest.fixture(autouse=True)
async def _functions(plane: ControlPlane) -> None:
    """A function `f`, with version 1 and alias `live`."""
    await plane.active("f", Publish=True)
    await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")


async def create(plane: ControlPlane, **request: Any) -> dict[str, Any]:
    return await plane.call("CreateFunctionUrlConfig", **{"FunctionName": "f", "AuthType": "NONE", **request})


async def test_a_creation_is_answered_as_aws_recorded_it(plane: ControlPlane) -> None:
    answer = await create(plane)
    url = answer.pop("FunctionUrl")
    assert re.fullmatch(r"http://[a-z0-9]{32}\.lambda-url\.us-east-1\.localhost:4566/", url)
    assert answer == {"AuthType": "NONE", "CreationTime": NOW, "FunctionArn": ARN}
    found = await plane.call("GetFunctionUrlConfig", FunctionName=ARN)
    assert found == {**answer, "FunctionUrl": url, "InvokeMode": "BUFFERED", "LastModifiedTime": NOW}


async def test_an_update_keeps_what_it_does_not_name(plane: ControlPlane) -> None:
    created = await create(plane, Cors=CORS, InvokeMode="RESPONSE_STREAM")
    assert (created["Cors"], created["InvokeMode"]) == (CORS, "RESPONSE_STREAM")
    plane.clock.advance(1.5)
    updated = await plane.call("UpdateFunctionUrlConfig", FunctionName="f", AuthType="AWS_IAM")
    del created["InvokeMode"]
    later = "2026-01-01T00:00:01.500000Z"
    assert updated == {**created, "AuthType": "AWS_IAM", "LastModifiedTime": later}
    found = await plane.call("GetFunctionUrlConfig", FunctionName="f")
    assert found == {**updated, "InvokeMode": "RESPONSE_STREAM"}
    emptied = await plane.call("UpdateFunctionUrlConfig", FunctionName="f", Cors={})
    assert "Cors" not in emptied


async def test_a_function_and_each_alias_have_one_url(plane: ControlPlane) -> None:
    own, live = await create(plane), await create(plane, Qualifier="live")
    assert (own["FunctionArn"], live["FunctionArn"]) == (ARN, ARN + ":live")
    assert own["FunctionUrl"] != live["FunctionUrl"]
    for named, arn in (({}, ARN), ({"FunctionName": "f:live"}, ARN + ":live")):
        with pytest.raises(ResourceConflict) as caught:
            await create(plane, **named)
        assert caught.value.message == (
            f"Failed to create function url config for [functionArn = {arn}]. Error message:  "
            "FunctionUrlConfig exists for this Lambda function"
        )
    first = await plane.call("ListFunctionUrlConfigs", FunctionName="f", MaxItems=1)
    second = await plane.call("ListFunctionUrlConfigs", FunctionName="f", Marker=first["NextMarker"])
    assert [c["FunctionArn"] for c in first["FunctionUrlConfigs"]] == [ARN]
    assert [c["FunctionArn"] for c in second["FunctionUrlConfigs"]] == [ARN + ":live"]
    assert "NextMarker" not in second


async def test_the_address_outlives_updates_restarts_and_endpoints(
    plane: ControlPlane, plane_with: Callable[[AccountLimits], ControlPlane]
) -> None:
    url = (await create(plane))["FunctionUrl"]
    await plane.call("UpdateFunctionUrlConfig", FunctionName="f", AuthType="AWS_IAM")
    restarted = plane_with(AccountLimits())
    assert (await restarted.call("GetFunctionUrlConfig", FunctionName="f"))["FunctionUrl"] == url
    elsewhere = replace(plane.context, endpoint="https://ingle.example:8443")
    found = await plane.call("GetFunctionUrlConfig", elsewhere, FunctionName="f")
    assert found["FunctionUrl"] == url.replace("http:", "https:").replace(
        ".localhost:4566", ".ingle.example:8443"
    )


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        (
            "CreateFunctionUrlConfig",
            {"FunctionName": "missing", "AuthType": "NONE"},
            "Function does not exist",
        ),
        ("CreateFunctionUrlConfig", {"Qualifier": "nobody", "AuthType": "NONE"}, "Function does not exist"),
        ("UpdateFunctionUrlConfig", {"FunctionName": "missing"}, "Function does not exist"),
        ("UpdateFunctionUrlConfig", {"Qualifier": "nobody"}, "Function does not exist"),
        ("UpdateFunctionUrlConfig", {}, "The resource you requested does not exist."),
        ("GetFunctionUrlConfig", {"FunctionName": "missing"}, "The resource you requested does not exist."),
        ("GetFunctionUrlConfig", {"Qualifier": "live"}, "The resource you requested does not exist."),
        ("DeleteFunctionUrlConfig", {}, "The resource you requested does not exist."),
        ("ListFunctionUrlConfigs", {"FunctionName": "missing"}, "Function does not exist"),
    ],
)
async def test_what_is_not_there_is_not_found(
    plane: ControlPlane, operation: str, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, **{"FunctionName": "f", **request_})
    assert caught.value.message == text


async def test_qualifiers_that_differ_are_refused(plane: ControlPlane) -> None:
    with pytest.raises(InvalidParameterValue, match="does not match the specified qualifier"):
        await create(plane, FunctionName="f:live", Qualifier="other")


async def test_a_url_goes_by_name_and_with_what_it_belongs_to(plane: ControlPlane) -> None:
    async def arns() -> list[str]:
        listed = await plane.call("ListFunctionUrlConfigs", FunctionName="f")
        return [config["FunctionArn"] for config in listed["FunctionUrlConfigs"]]

    await create(plane)
    await create(plane, Qualifier="live")
    await plane.call("DeleteFunctionUrlConfig", FunctionName="f")
    assert await arns() == [ARN + ":live"]
    await plane.call("DeleteAlias", FunctionName="f", Name="live")
    assert await arns() == []
    await create(plane)
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.active("f")
    assert await arns() == []
