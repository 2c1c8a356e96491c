"""Capacity providers: what is kept, what is answered, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import CallerError, InvalidParameterValue, ResourceConflict, ResourceNotFound

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p"
VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
PERMISSIONS = {"CapacityProviderOperatorRoleArn": "arn:aws:iam::000000000000:role/operator"}
MANUAL = {
    "ScalingMode": "Manual",
    "MaxVCpuCount": 8,
    "ScalingPolicies": [
        {"PredefinedMetricType": "LambdaCapacityProviderAverageCPUUtilization", "TargetValue": 70.0}
    ],
}


async def create(plane: ControlPlane, name: str = "p", **request: Any) -> dict[str, Any]:
    answer = await plane.call(
        "CreateCapacityProvider",
        CapacityProviderName=name,
        VpcConfig=VPC,
        PermissionsConfig=PERMISSIONS,
        **request,
    )
    provider: dict[str, Any] = answer["CapacityProvider"]
    return provider


async def get(plane: ControlPlane, name: str = "p") -> dict[str, Any]:
    answer = await plane.call("GetCapacityProvider", CapacityProviderName=name)
    provider: dict[str, Any] = answer["CapacityProvider"]
    return provider


async def test_a_provider_is_pending_and_then_active(plane: ControlPlane) -> None:
    created = await create(plane)
    assert created == {
        "CapacityProviderArn": ARN,
        "State": "Pending",
        "VpcConfig": VPC,
        "PermissionsConfig": PERMISSIONS,
        "CapacityProviderScalingConfig": {"ScalingMode": "Auto"},
        "LastModified": "2026-01-01T00:00:00.000+0000",
    }
    assert await get(plane) == created | {"State": "Active"}
    assert await get(plane, ARN) == await get(plane)


async def test_what_is_given_is_kept(plane: ControlPlane) -> None:
    given: dict[str, Any] = {
        "InstanceRequirements": {"Architectures": ["arm64"], "AllowedInstanceTypes": ["c7g.*"]},
        "CapacityProviderScalingConfig": MANUAL,
        "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
        "PropagateTags": {"Mode": "Explicit", "ExplicitTags": {"a": "b"}},
        "TelemetryConfig": {"LoggingConfig": {"SystemLogLevel": "DEBUG", "LogGroup": "g"}},
    }
    await create(plane, Tags={"team": "a"}, **given)
    found = await get(plane)
    assert {name: found[name] for name in given} == given


async def test_an_update_changes_what_it_names(plane: ControlPlane) -> None:
    await create(plane)
    before = await get(plane)
    plane.clock.advance(1)
    answer = await plane.call(
        "UpdateCapacityProvider", CapacityProviderName="p", CapacityProviderScalingConfig=MANUAL
    )
    assert answer["CapacityProvider"] == before | {
        "CapacityProviderScalingConfig": MANUAL,
        "LastModified": "2026-01-01T00:00:01.000+0000",
    }
    assert await get(plane) == answer["CapacityProvider"]


async def test_a_deletion_is_answered_and_done(plane: ControlPlane) -> None:
    await create(plane)
    answer = await plane.call("DeleteCapacityProvider", CapacityProviderName=ARN)
    assert answer["CapacityProvider"]["State"] == "Deleting"
    with pytest.raises(ResourceNotFound):
        await get(plane)


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        ({}, ResourceConflict, "already exists"),
        (
            {"CapacityProviderScalingConfig": {"ScalingMode": "Manual"}},
            InvalidParameterValue,
            "must be provided",
        ),
        (
            {"CapacityProviderScalingConfig": MANUAL | {"ScalingMode": "Auto"}},
            InvalidParameterValue,
            "can only be",
        ),
        (
            {"InstanceRequirements": {"AllowedInstanceTypes": ["a"], "ExcludedInstanceTypes": ["b"]}},
            InvalidParameterValue,
            "at the same time",
        ),
    ],
)
async def test_a_refused_creation_changes_nothing(
    plane: ControlPlane, request_: dict[str, Any], error: type[CallerError], text: str
) -> None:
    await create(plane)
    before = await plane.call("ListCapacityProviders")
    with pytest.raises(error, match=text):
        await create(plane, **request_)
    assert await plane.call("ListCapacityProviders") == before


@pytest.mark.parametrize(
    "operation",
    [
        "GetCapacityProvider",
        "UpdateCapacityProvider",
        "DeleteCapacityProvider",
        "ListFunctionVersionsByCapacityProvider",
    ],
)
@pytest.mark.parametrize("name", ["p", ARN, ARN.replace("us-east-1", "eu-west-1")])
async def test_a_provider_that_is_not_there_is_not_found(
    plane: ControlPlane, operation: str, name: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, CapacityProviderName=name)
    assert caught.value.message == f"Capacity provider not found: {name if ':' in name else ARN}"


async def test_lists_are_paginated_and_filtered_by_state(plane: ControlPlane) -> None:
    for name in ("c", "a", "b"):
        await create(plane, name)
    first = await plane.call("ListCapacityProviders", MaxItems=2, State="Active")
    second = await plane.call("ListCapacityProviders", Marker=first["NextMarker"])
    found = [*first["CapacityProviders"], *second["CapacityProviders"]]
    assert [provider["CapacityProviderArn"][-1] for provider in found] == ["a", "b", "c"]
    assert "NextMarker" not in second
    assert await plane.call("ListCapacityProviders", State="Pending") == {"CapacityProviders": []}
