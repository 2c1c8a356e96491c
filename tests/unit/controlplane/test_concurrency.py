"""Reserved and provisioned concurrency: AWS's rules, and what the counter is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ingle.controlplane.concurrency import restore_reserved
from ingle.counting.counter import Counter
from ingle.model.errors import (
    CallerError,
    InvalidParameterValue,
    ProvisionedConcurrencyConfigNotFound,
    ResourceConflict,
    ResourceNotFound,
    TooManyRequests,
)
from ingle.model.quotas import AccountLimits

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
SCOPE = ("000000000000", "us-east-1")


async def reserve(plane: ControlPlane, count: int, name: str = "f") -> dict[str, Any]:
    return await plane.call("PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=count)


async def provision(plane: ControlPlane, qualifier: str, count: int, name: str = "f") -> dict[str, Any]:
    return await plane.call(
        "PutProvisionedConcurrencyConfig",
        FunctionName=name,
        Qualifier=qualifier,
        ProvisionedConcurrentExecutions=count,
    )


async def unreserved(plane: ControlPlane) -> int:
    limit = (await plane.call("GetAccountSettings"))["AccountLimit"]
    found: int = limit["UnreservedConcurrentExecutions"]
    return found


async def test_what_is_reserved_is_shown_everywhere_and_taken_from_the_rest(plane: ControlPlane) -> None:
    await plane.active()
    assert await plane.call("GetFunctionConcurrency", FunctionName="f") == {}
    assert "Concurrency" not in await plane.call("GetFunction", FunctionName="f")
    for count in (0, 3, 900):
        assert await reserve(plane, count) == {"ReservedConcurrentExecutions": count}
        assert await plane.call("GetFunctionConcurrency", FunctionName="f") == {
            "ReservedConcurrentExecutions": count
        }
        shown = await plane.call("GetFunction", FunctionName="f")
        assert shown["Concurrency"] == {"ReservedConcurrentExecutions": count}
        assert await unreserved(plane) == 1000 - count
    for _ in range(2):
        assert await plane.call("DeleteFunctionConcurrency", FunctionName="f") == {}
        assert await plane.call("GetFunctionConcurrency", FunctionName="f") == {}
        assert await unreserved(plane) == 1000


async def test_a_hundred_stay_unreserved(plane: ControlPlane) -> None:
    await plane.active("f")
    await plane.active("g")
    await reserve(plane, 500, "g")
    await reserve(plane, 400)
    for count in (401, 501, 10_000):
        with pytest.raises(InvalidParameterValue) as caught:
            await reserve(plane, count)
        assert caught.value.message == (
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of [100]."
        )
    assert await plane.call("GetFunctionConcurrency", FunctionName="f") == {
        "ReservedConcurrentExecutions": 400
    }
    await plane.call("DeleteFunction", FunctionName="g")
    await reserve(plane, 900)


async def test_two_clients_cannot_reserve_the_same_concurrency(plane: ControlPlane) -> None:
    for name in ("f", "g"):
        await plane.active(name)
    results = await asyncio.gather(reserve(plane, 600, "f"), reserve(plane, 600, "g"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["InvalidParameterValue", "dict"]
    assert await unreserved(plane) == 400


async def test_a_small_account_can_still_reserve_nothing_at_all(
    plane_with: Callable[[AccountLimits], ControlPlane],
) -> None:
    plane = plane_with(AccountLimits(concurrent_executions=10))
    await plane.active()
    await reserve(plane, 0)
    with pytest.raises(InvalidParameterValue, match=r"minimum value of \[10\]"):
        await reserve(plane, 1)


async def test_the_counter_acts_upon_it_at_once_and_forgets_with_the_function(plane: ControlPlane) -> None:
    await plane.active()
    await reserve(plane, 0)
    with pytest.raises(TooManyRequests) as caught:
        plane.counter.take(SCOPE, "f")
    assert caught.value.fields["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    await reserve(plane, 1)
    plane.counter.take(SCOPE, "f").release()
    await reserve(plane, 0)
    await plane.call("DeleteFunctionConcurrency", FunctionName="f")
    plane.counter.take(SCOPE, "f").release()
    await reserve(plane, 0)
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.active()
    plane.counter.take(SCOPE, "f").release()


async def test_a_restarted_node_knows_what_is_reserved(plane: ControlPlane) -> None:
    for name, count in (("f", 0), ("g", 7)):
        await plane.active(name)
        await reserve(plane, count, name)
    counter = Counter()
    await restore_reserved(plane.concurrency, counter)
    with pytest.raises(TooManyRequests):
        counter.take(SCOPE, "f")
    for _ in range(7):
        counter.take(SCOPE, "g")
    with pytest.raises(TooManyRequests):
        counter.take(SCOPE, "g")


@pytest.mark.parametrize(
    ("operation", "request_", "arn"),
    [
        ("PutFunctionConcurrency", {"ReservedConcurrentExecutions": 10_000}, f"{ARN}:$LATEST"),
        ("GetFunctionConcurrency", {}, ARN),
        ("DeleteFunctionConcurrency", {}, ARN),
        ("ListProvisionedConcurrencyConfigs", {}, ARN),
        ("GetProvisionedConcurrencyConfig", {"Qualifier": "1"}, f"{ARN}:1"),
        (
            "PutProvisionedConcurrencyConfig",
            {"Qualifier": "1", "ProvisionedConcurrentExecutions": 1},
            f"{ARN}:1",
        ),
        ("GetFunctionScalingConfig", {"Qualifier": "1"}, f"{ARN}:1"),
    ],
)
async def test_a_function_that_is_not_there_has_no_concurrency(
    plane: ControlPlane, operation: str, request_: dict[str, Any], arn: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, FunctionName="f", **request_)
    assert caught.value.message == f"Function not found: {arn}"


@pytest.fixture
async def published(plane: ControlPlane) -> ControlPlane:
    """A function `f` with version 1 and its alias `live`."""
    await plane.active(Publish=True)
    await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    return plane


async def test_provisioned_concurrency_is_in_progress_then_ready(published: ControlPlane) -> None:
    fresh = {
        "RequestedProvisionedConcurrentExecutions": 5,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "AvailableProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
        "LastModified": "2026-01-01T00:00:00+0000",
    }
    assert await provision(published, "1", 5) == fresh
    get: dict[str, Any] = {"FunctionName": "f", "Qualifier": "1"}
    assert await published.call("GetProvisionedConcurrencyConfig", **get) == fresh
    await published.lifecycle.settle_all()
    ready = fresh | {
        "AllocatedProvisionedConcurrentExecutions": 5,
        "AvailableProvisionedConcurrentExecutions": 5,
        "Status": "READY",
    }
    assert await published.call("GetProvisionedConcurrencyConfig", **get) == ready
    assert await published.call("ListProvisionedConcurrencyConfigs", FunctionName="f") == {
        "ProvisionedConcurrencyConfigs": [{"FunctionArn": f"{ARN}:1", **ready}]
    }
    assert await unreserved(published) == 995
    for _ in range(2):
        assert await published.call("DeleteProvisionedConcurrencyConfig", **get) == {}
    with pytest.raises(ProvisionedConcurrencyConfigNotFound) as caught:
        await published.call("GetProvisionedConcurrencyConfig", **get)
    assert caught.value.message == "No Provisioned Concurrency Config found for this function"


async def test_a_version_is_provisioned_for_itself_or_for_an_alias(published: ControlPlane) -> None:
    await provision(published, "1", 1)
    with pytest.raises(ResourceConflict) as caught:
        await provision(published, "live", 1)
    assert caught.value.message == (
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
    )
    await published.call("DeleteProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    await provision(published, "live", 1)
    with pytest.raises(ResourceConflict) as caught:
        await provision(published, "1", 1)
    assert caught.value.message == "Version is pointed by a Provisioned Concurrency alias"
    await published.call("DeleteAlias", FunctionName="f", Name="live")
    with pytest.raises(ResourceNotFound) as missing:
        await published.call("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
    assert missing.value.message == f"Cannot find alias arn: {ARN}:live"
    assert await published.call("ListProvisionedConcurrencyConfigs", FunctionName="f") == {
        "ProvisionedConcurrencyConfigs": []
    }


async def test_an_alias_that_moves_is_provisioned_anew(published: ControlPlane) -> None:
    await provision(published, "live", 2)
    await published.lifecycle.settle_all()
    await published.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    await published.lifecycle.settle_all()
    await published.call("PublishVersion", FunctionName="f")
    await published.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2")
    get: dict[str, Any] = {"FunctionName": "f", "Qualifier": "live"}
    moved = await published.call("GetProvisionedConcurrencyConfig", **get)
    assert (moved["Status"], moved["AllocatedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
    await published.lifecycle.settle_all()
    assert (await published.call("GetProvisionedConcurrencyConfig", **get))["Status"] == "READY"


async def test_an_alias_that_is_provisioned_moves_only_where_it_could_be(published: ControlPlane) -> None:
    await provision(published, "live", 1)
    await published.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    await published.lifecycle.settle_all()
    await published.call("PublishVersion", FunctionName="f")
    await provision(published, "2", 1)
    before = await published.call("GetAlias", FunctionName="f", Name="live")
    for version, error in (("$LATEST", InvalidParameterValue), ("2", ResourceConflict)):
        with pytest.raises(error):
            await published.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion=version)
    assert await published.call("GetAlias", FunctionName="f", Name="live") == before


@pytest.mark.parametrize(
    ("qualifier", "count", "error", "text"),
    [
        (
            "$LATEST",
            1,
            InvalidParameterValue,
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ),
        (
            "latest",
            1,
            InvalidParameterValue,
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ),
        ("10", 1, ResourceNotFound, f"Function not found: {ARN}:10"),
        ("nobody", 1, ResourceNotFound, f"Cannot find alias arn: {ARN}:nobody"),
        (
            "1",
            1001,
            InvalidParameterValue,
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
            "[1000].",
        ),
        (
            "1",
            901,
            InvalidParameterValue,
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            "below its minimum value of [100].",
        ),
    ],
)
async def test_what_cannot_be_provisioned_is_refused_and_leaves_nothing(
    published: ControlPlane, qualifier: str, count: int, error: type[CallerError], text: str
) -> None:
    await published.call("CreateAlias", FunctionName="f", Name="latest", FunctionVersion="$LATEST")
    with pytest.raises(error) as caught:
        await provision(published, qualifier, count)
    assert caught.value.message == text
    assert await published.call("ListProvisionedConcurrencyConfigs", FunctionName="f") == {
        "ProvisionedConcurrencyConfigs": []
    }


@pytest.mark.parametrize(
    "operation", ["GetProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig"]
)
async def test_latest_is_never_provisioned(published: ControlPlane, operation: str) -> None:
    with pytest.raises(InvalidParameterValue) as caught:
        await published.call(operation, FunctionName="f", Qualifier="$LATEST")
    assert caught.value.message == "The function resource provided must be an alias or a published version."


async def test_reserved_and_provisioned_concurrency_have_to_agree(published: ControlPlane) -> None:
    await provision(published, "1", 2)
    with pytest.raises(InvalidParameterValue) as caught:
        await reserve(published, 1)
    assert caught.value.message == (
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency "
        "[2]."
    )
    await reserve(published, 2)
    assert await unreserved(published) == 998  # what is provisioned is a part of what is reserved
    with pytest.raises(InvalidParameterValue) as caught:
        await provision(published, "1", 3)
    assert caught.value.message == (
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
        "function"
    )
    kept = await published.call("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="1")
    assert kept["RequestedProvisionedConcurrentExecutions"] == 2


async def test_provisioned_concurrency_goes_with_its_version(published: ControlPlane) -> None:
    await published.call("DeleteAlias", FunctionName="f", Name="live")
    await provision(published, "1", 100)
    await published.call("DeleteFunction", FunctionName="f", Qualifier="1")
    assert await unreserved(published) == 1000


async def test_provisioned_configs_are_listed_page_by_page(published: ControlPlane) -> None:
    for name in ("b", "a"):
        await published.call("CreateAlias", FunctionName="f", Name=name, FunctionVersion="1")
        await provision(published, name, 1)
    first = await published.call("ListProvisionedConcurrencyConfigs", FunctionName="f", MaxItems=1)
    second = await published.call(
        "ListProvisionedConcurrencyConfigs", FunctionName="f", MaxItems=1, Marker=first["NextMarker"]
    )
    found = [page["ProvisionedConcurrencyConfigs"][0]["FunctionArn"] for page in (first, second)]
    assert found == [f"{ARN}:a", f"{ARN}:b"]
    assert "NextMarker" not in second


async def test_a_scaling_config_needs_a_capacity_provider(published: ControlPlane) -> None:
    with pytest.raises(InvalidParameterValue, match="capacity provider"):
        await published.call(
            "PutFunctionScalingConfig",
            FunctionName="f",
            Qualifier="1",
            FunctionScalingConfig={"MinExecutionEnvironments": 1},
        )


async def test_a_scaling_config_is_kept_with_its_version(plane: ControlPlane) -> None:
    provider = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p"
    managed = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": provider}}
    await plane.call(
        "CreateCapacityProvider",
        CapacityProviderName="p",
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": "arn:aws:iam::000000000000:role/o"},
    )
    await plane.active(CapacityProviderConfig=managed, Runtime="python3.13", Publish=True, MemorySize=2048)
    request: dict[str, Any] = {"FunctionName": "f", "Qualifier": "1"}
    limits = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 3}
    answer = await plane.call("PutFunctionScalingConfig", **request, FunctionScalingConfig=limits)
    assert answer == {"FunctionState": "Active"}
    kept = {
        "FunctionArn": f"{ARN}:1",
        "AppliedFunctionScalingConfig": limits,
        "RequestedFunctionScalingConfig": limits,
    }
    assert await plane.call("GetFunctionScalingConfig", **request) == kept
    with pytest.raises(InvalidParameterValue, match="less than or equal"):
        await plane.call(
            "PutFunctionScalingConfig",
            **request,
            FunctionScalingConfig=limits | {"MinExecutionEnvironments": 4},
        )
    assert await plane.call("GetFunctionScalingConfig", **request) == kept
