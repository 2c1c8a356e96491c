"""Every member of a configuration: kept and answered, with AWS's defaults, refusals and resets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import CallerError, InvalidParameterValue, NotImplementedYet, ResourceNotFound

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
FILES = {
    "Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
    "LocalMountPath": "/mnt/files",
}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
KEY = "arn:aws:kms:us-east-1:000000000000:key/k"
PROVIDER = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p"
MANAGED = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER}}
SNAP_START = {"ApplyOn": "PublishedVersions"}
TEXT_HAS_NO_LEVELS = 'LogLevel is not supported when LogFormat is set to "Text".'


async def provider(plane: ControlPlane) -> None:
    await plane.call(
        "CreateCapacityProvider",
        CapacityProviderName="p",
        VpcConfig=VPC,
        PermissionsConfig={"CapacityProviderOperatorRoleArn": "arn:aws:iam::000000000000:role/o"},
    )


async def update(plane: ControlPlane, **request: Any) -> dict[str, Any]:
    answer = await plane.call("UpdateFunctionConfiguration", FunctionName="f", **request)
    await plane.lifecycle.settle_all()
    return answer


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"TracingConfig": {"Mode": "Active"}}, None),
        (
            {"SnapStart": SNAP_START},
            {"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}},
        ),
        ({"VpcConfig": VPC, "FileSystemConfigs": [FILES]}, {"FileSystemConfigs": [FILES]}),
        ({"DeadLetterConfig": {"TargetArn": QUEUE}}, None),
        ({"KMSKeyArn": KEY}, None),
        ({"EphemeralStorage": {"Size": 10_240}}, None),
        ({"MemorySize": 10_240}, None),
        ({"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, None),
        ({"Architectures": ["arm64"]}, None),
    ],
)
async def test_what_a_creation_gives_is_answered_then_and_later(
    plane: ControlPlane, request_: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    created = await plane.create(**request_)
    await plane.lifecycle.settle_all()
    found = await plane.call("GetFunctionConfiguration", FunctionName="f")
    for name, value in (expected or request_).items():
        assert created[name] == found[name] == value


async def test_a_vpc_is_named_by_its_subnets_and_left_without_them(plane: ControlPlane) -> None:
    created = await plane.active(VpcConfig=VPC)
    vpc = created["VpcConfig"].pop("VpcId")
    assert vpc.startswith("vpc-")
    assert created["VpcConfig"] == VPC | {"Ipv6AllowedForDualStack": False}
    moved = VPC | {"SubnetIds": ["subnet-2"], "Ipv6AllowedForDualStack": True}
    assert (await update(plane, VpcConfig=moved))["VpcConfig"] == moved | {"VpcId": vpc}
    nothing: tuple[dict[str, Any], ...] = ({"SubnetIds": [], "SecurityGroupIds": []}, {})
    for empty in nothing:
        assert (await update(plane, VpcConfig=empty))["VpcConfig"] == {
            "SubnetIds": [],
            "SecurityGroupIds": [],
            "VpcId": "",
            "Ipv6AllowedForDualStack": False,
        }


async def test_empty_values_take_away_and_absent_ones_keep(plane: ControlPlane) -> None:
    kept: dict[str, Any] = {
        "DeadLetterConfig": {"TargetArn": QUEUE},
        "KMSKeyArn": KEY,
        "FileSystemConfigs": [FILES],
        "TracingConfig": {"Mode": "Active"},
    }
    before = await plane.active(VpcConfig=VPC, **kept)
    changed = await update(plane, Description="d", TracingConfig={}, SnapStart={})
    assert {name: changed[name] for name in (*kept, "VpcConfig")} == kept | {"VpcConfig": before["VpcConfig"]}
    emptied = await update(plane, DeadLetterConfig={"TargetArn": ""}, KMSKeyArn="", FileSystemConfigs=[])
    assert not {"DeadLetterConfig", "KMSKeyArn", "FileSystemConfigs"} & emptied.keys()
    assert emptied["TracingConfig"] == {"Mode": "Active"}


async def test_a_durable_function_has_defaults_of_its_own(plane: ControlPlane) -> None:
    created = await plane.active(DurableConfig={"ExecutionTimeout": 3600})
    assert created["DurableConfig"] == {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 14}
    assert created["Timeout"] == 900
    assert created["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
        "LogGroup": "/aws/lambda/f",
    }
    changed = await update(plane, DurableConfig={"RetentionPeriodInDays": 3, "KMSKeyArn": KEY})
    assert changed["DurableConfig"] == {
        "ExecutionTimeout": 3600,
        "RetentionPeriodInDays": 3,
        "KMSKeyArn": KEY,
    }
    assert (await update(plane, DurableConfig={}))["DurableConfig"] == changed["DurableConfig"]
    short = await plane.active(
        "g", DurableConfig={"ExecutionTimeout": 60}, LoggingConfig={"LogFormat": "Text"}
    )
    assert (short["Timeout"], short["LoggingConfig"]["LogFormat"]) == (60, "Text")


async def test_a_function_on_managed_instances_has_defaults_of_its_own(plane: ControlPlane) -> None:
    await provider(plane)
    created = await plane.active(CapacityProviderConfig=MANAGED, Runtime="python3.13", Publish=True)
    instances = created["CapacityProviderConfig"]["LambdaManagedInstancesCapacityProviderConfig"]
    assert instances == {
        "CapacityProviderArn": PROVIDER,
        "PerExecutionEnvironmentMaxConcurrency": 16,
        "ExecutionEnvironmentMemoryGiBPerVCpu": 2.0,
    }
    assert (created["MemorySize"], created["LoggingConfig"]["LogFormat"]) == (2048, "JSON")
    changed = await update(plane, MemorySize=32_768)
    assert changed["MemorySize"] == 32_768
    listed = await plane.call("ListFunctionVersionsByCapacityProvider", CapacityProviderName="p", MaxItems=1)
    assert [v["FunctionArn"].rpartition(":")[2] for v in listed["FunctionVersions"]] == ["$LATEST"]
    rest = await plane.call(
        "ListFunctionVersionsByCapacityProvider", CapacityProviderName="p", Marker=listed["NextMarker"]
    )
    assert rest["FunctionVersions"] == [
        {"FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:1", "State": "Active"}
    ]


async def test_a_capacity_provider_stays_while_versions_are_given_to_it(plane: ControlPlane) -> None:
    await provider(plane)
    await plane.active(CapacityProviderConfig=MANAGED, Runtime="python3.13")
    with pytest.raises(CallerError, match="in use"):
        await plane.call("DeleteCapacityProvider", CapacityProviderName="p")
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.call("DeleteCapacityProvider", CapacityProviderName="p")


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        ({"MemorySize": 10_241}, InvalidParameterValue, "'MemorySize' value failed to satisfy constraint: "),
        ({"EphemeralStorage": {"Size": 10_241}}, InvalidParameterValue, "less than or equal to 10240"),
        (
            {"VpcConfig": VPC | {"SecurityGroupIds": []}},
            InvalidParameterValue,
            "SubnetIds and SecurityIds must coexist or be both empty list.",
        ),
        (
            {"FileSystemConfigs": [FILES]},
            InvalidParameterValue,
            f"Function must be configured to execute in a VPC to reference access point {FILES['Arn']}. "
            "Please update the function configuration to include VPC subnets and security groups.",
        ),
        (
            {"DeadLetterConfig": {"TargetArn": QUEUE.replace("sqs", "s3")}},
            InvalidParameterValue,
            "Invalid dead letter ARN",
        ),
        (
            {"SnapStart": SNAP_START, "Runtime": "python3.11"},
            InvalidParameterValue,
            "python3.11 is not supported for SnapStart enabled functions.",
        ),
        (
            {"SnapStart": SNAP_START, "EphemeralStorage": {"Size": 513}},
            InvalidParameterValue,
            "is not supported for SnapStart enabled functions.",
        ),
        (
            {"SnapStart": SNAP_START, "VpcConfig": VPC, "FileSystemConfigs": [FILES]},
            InvalidParameterValue,
            "EFS is not supported for SnapStart enabled functions.",
        ),
        (
            {"SnapStart": SNAP_START, "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}},
            InvalidParameterValue,
            "is not supported for SnapStart enabled functions.",
        ),
        (
            {"DurableConfig": {"RetentionPeriodInDays": 7}},
            InvalidParameterValue,
            "You cannot create a function with a durable configuration without an executionTimeout",
        ),
        (
            {"CapacityProviderConfig": MANAGED},
            InvalidParameterValue,
            "Runtime Enum python3.12 does not support specified feature: Lambda Managed Instances",
        ),
        (
            {
                "CapacityProviderConfig": MANAGED,
                "Runtime": "python3.13",
                "LoggingConfig": {"LogFormat": "Text"},
            },
            InvalidParameterValue,
            TEXT_HAS_NO_LEVELS,
        ),
        (
            {"CapacityProviderConfig": MANAGED, "Runtime": "python3.13", "MemorySize": 2_047},
            InvalidParameterValue,
            "greater than or equal to 2048",
        ),
        (
            {
                "CapacityProviderConfig": {
                    "LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER + "q"}
                },
                "Runtime": "python3.13",
            },
            ResourceNotFound,
            f"Capacity provider not found: {PROVIDER}q",
        ),
        (
            {"Code": {"ImageUri": "r:latest"}},
            InvalidParameterValue,
            "Please don't provide ImageUri when creating a function with packageType Zip.",
        ),
        (
            {"ImageConfig": {"Command": ["a"]}},
            InvalidParameterValue,
            "Please don't provide ImageConfig when creating a function with packageType Zip.",
        ),
        (
            {"PackageType": "Image", "Code": {"ImageUri": "r:latest"}},
            InvalidParameterValue,
            "Please don't provide Handler or Runtime or Layer when creating function with packageType Image.",
        ),
        (
            {"PackageType": "Image", "Runtime": None, "Handler": None},
            InvalidParameterValue,
            "Please provide ImageUri when creating a function with packageType Image.",
        ),
        (
            {
                "PackageType": "Image",
                "Runtime": None,
                "Handler": None,
                "Code": {"ImageUri": "r:latest"},
                "CodeSigningConfigArn": "arn:...",
            },
            InvalidParameterValue,
            "Code signing is not supported for functions created with container images.",
        ),
        ({"AcceleratorConfig": {"AcceleratorMemorySize": 1}}, NotImplementedYet, "accelerators"),
        ({"PublishTo": "LATEST_PUBLISHED"}, NotImplementedYet, "publishing to"),
    ],
)
async def test_a_refused_creation_leaves_nothing(
    plane: ControlPlane, request_: dict[str, Any], error: type[CallerError], text: str
) -> None:
    await provider(plane)
    with pytest.raises(error) as caught:
        await plane.create(**request_)
    assert text in caught.value.message
    assert await plane.call("ListFunctions") == {"Functions": []}


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"Runtime": "python3.11"}, "python3.11 is not supported for SnapStart enabled functions."),
        ({"EphemeralStorage": {"Size": 1024}}, "is not supported for SnapStart enabled functions."),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "must coexist"),
        ({"FileSystemConfigs": [FILES]}, "Function must be configured to execute in a VPC"),
        ({"MemorySize": 10_241}, "less than or equal to 10240"),
        ({"ImageConfig": {"Command": ["a"]}}, "ImageConfig when updating a function with packageType Zip"),
        (
            {"DurableConfig": {"ExecutionTimeout": 60}},
            "You cannot add a durable configuration to a function that was originally created with no "
            "durable configuration",
        ),
        (
            {"CapacityProviderConfig": MANAGED},
            "CapacityProviderConfig isn't supported for Lambda Default functions.",
        ),
    ],
)
async def test_a_refused_update_changes_nothing(
    plane: ControlPlane, request_: dict[str, Any], text: str
) -> None:
    before = await plane.active(SnapStart=SNAP_START)
    with pytest.raises(InvalidParameterValue) as caught:
        await update(plane, Description="another", **request_)
    assert text in caught.value.message
    assert await plane.call("GetFunctionConfiguration", FunctionName="f") == before
