"""Code signing configurations answer as AWS's recorded answers do."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import (
    AccessDenied,
    CallerError,
    CodeSigningConfigNotFound,
    ResourceConflict,
    ResourceNotFound,
)

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

PUBLISHERS = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/test"]}
ABSENT = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-00000000000000000"


async def create(plane: ControlPlane, **request: Any) -> dict[str, Any]:
    answer = await plane.call("CreateCodeSigningConfig", AllowedPublishers=PUBLISHERS, **request)
    config: dict[str, Any] = answer["CodeSigningConfig"]
    return config


async def used_by_f(plane: ControlPlane) -> dict[str, Any]:
    # Not by `plane.call`: where a function uses none AWS's answer is empty, against its own model.
    return await plane.handlers.call("GetFunctionCodeSigningConfig", plane.context, {"FunctionName": "f"})


async def test_a_configuration_is_answered_as_aws_recorded_it(plane: ControlPlane) -> None:
    config = await create(
        plane, Description="d", CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"}
    )
    identifier = config["CodeSigningConfigId"]
    assert re.fullmatch(r"csc-[a-z0-9]{17}", identifier)
    assert config == {
        "AllowedPublishers": PUBLISHERS,
        "CodeSigningConfigArn": f"arn:aws:lambda:us-east-1:000000000000:code-signing-config:{identifier}",
        "CodeSigningConfigId": identifier,
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
        "Description": "d",
        "LastModified": "2026-01-01T00:00:00.000+0000",
    }
    arn = config["CodeSigningConfigArn"]
    assert await plane.call("GetCodeSigningConfig", CodeSigningConfigArn=arn) == {"CodeSigningConfig": config}


async def test_untrusted_code_is_warned_of_where_nothing_else_is_said(plane: ControlPlane) -> None:
    config = await create(plane)
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert "Description" not in config


async def test_an_update_changes_what_it_names_and_the_time(plane: ControlPlane) -> None:
    before = await create(plane, Description="d")
    arn = before["CodeSigningConfigArn"]
    plane.clock.advance(1)
    same = await plane.call("UpdateCodeSigningConfig", CodeSigningConfigArn=arn)
    assert same["CodeSigningConfig"] == before
    changed = await plane.call(
        "UpdateCodeSigningConfig",
        CodeSigningConfigArn=arn,
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )
    assert changed["CodeSigningConfig"] == before | {
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
        "LastModified": "2026-01-01T00:00:01.000+0000",
    }


async def test_a_function_uses_one_configuration_until_it_is_taken_away(plane: ControlPlane) -> None:
    await plane.active()
    arns = [(await create(plane))["CodeSigningConfigArn"] for _ in range(2)]
    assert await used_by_f(plane) == {}
    for arn in arns:
        given: dict[str, Any] = {"CodeSigningConfigArn": arn, "FunctionName": "f"}
        assert await plane.call("PutFunctionCodeSigningConfig", **given) == given
        assert await used_by_f(plane) == given
    used = await plane.call("ListFunctionsByCodeSigningConfig", CodeSigningConfigArn=arns[1])
    assert used == {"FunctionArns": ["arn:aws:lambda:us-east-1:000000000000:function:f"]}
    unused = await plane.call("ListFunctionsByCodeSigningConfig", CodeSigningConfigArn=arns[0])
    assert unused == {"FunctionArns": []}
    for _ in range(2):  # nothing to take away is no error
        await plane.call("DeleteFunctionCodeSigningConfig", FunctionName="f")
    assert await used_by_f(plane) == {}


async def test_a_function_may_be_created_with_its_configuration(plane: ControlPlane) -> None:
    arn = (await create(plane))["CodeSigningConfigArn"]
    assert "CodeSigningConfigArn" not in await plane.create(CodeSigningConfigArn=arn)
    assert await used_by_f(plane) == {"CodeSigningConfigArn": arn, "FunctionName": "f"}
    with pytest.raises(CodeSigningConfigNotFound):
        await plane.create("g", CodeSigningConfigArn=ABSENT)
    with pytest.raises(ResourceNotFound):
        await plane.call("GetFunction", FunctionName="g")


async def test_a_configuration_in_use_stays_until_its_function_went(plane: ControlPlane) -> None:
    await plane.active()
    arn = (await create(plane))["CodeSigningConfigArn"]
    await plane.call("PutFunctionCodeSigningConfig", FunctionName="f", CodeSigningConfigArn=arn)
    with pytest.raises(ResourceConflict, match="in use"):
        await plane.call("DeleteCodeSigningConfig", CodeSigningConfigArn=arn)
    await plane.call("DeleteFunction", FunctionName="f")
    assert await plane.call("DeleteCodeSigningConfig", CodeSigningConfigArn=arn) == {}
    assert await plane.call("ListCodeSigningConfigs") == {"CodeSigningConfigs": []}


@pytest.mark.parametrize(
    "operation",
    [
        "GetCodeSigningConfig",
        "UpdateCodeSigningConfig",
        "DeleteCodeSigningConfig",
        "ListFunctionsByCodeSigningConfig",
    ],
)
@pytest.mark.parametrize("arn", [ABSENT, ABSENT.replace("000000000000", "111111111111")])
async def test_a_configuration_that_is_not_there_is_said_to_be_missing(
    plane: ControlPlane, operation: str, arn: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, CodeSigningConfigArn=arn)
    assert caught.value.message == f"The Lambda code signing configuration {arn} can not be found."


@pytest.mark.parametrize(
    ("name", "arn", "error", "text"),
    [
        (
            "f",
            ABSENT,
            CodeSigningConfigNotFound,
            "The code signing configuration cannot be found. Check that the provided configuration is not "
            f"deleted: {ABSENT}.",
        ),
        ("absent", ABSENT, CodeSigningConfigNotFound, "The code signing configuration cannot be found."),
        ("absent", None, ResourceNotFound, "Function not found: "),
        ("111111111111:function:f", None, AccessDenied, "is not authorized to perform"),
    ],
)
async def test_a_function_is_not_given_what_is_not_there(
    plane: ControlPlane, name: str, arn: str | None, error: type[CallerError], text: str
) -> None:
    await plane.active()
    arn = arn or (await create(plane))["CodeSigningConfigArn"]
    with pytest.raises(error) as caught:
        await plane.call("PutFunctionCodeSigningConfig", FunctionName=name, CodeSigningConfigArn=arn)
    assert text in caught.value.message


async def test_lists_are_paginated_without_gaps(plane: ControlPlane) -> None:
    expected = sorted([(await create(plane))["CodeSigningConfigId"] for _ in range(5)])
    arn = (await plane.call("ListCodeSigningConfigs"))["CodeSigningConfigs"][0]["CodeSigningConfigArn"]
    names = [f"f{n}" for n in range(5)]
    for name in names:
        await plane.create(name)
        await plane.call("PutFunctionCodeSigningConfig", FunctionName=name, CodeSigningConfigArn=arn)

    async def pages(operation: str, member: str, **request: Any) -> list[Any]:
        found: list[Any] = []
        marker: dict[str, Any] = {}
        while True:
            page = await plane.call(operation, MaxItems=2, **request, **marker)
            found += page[member]
            if "NextMarker" not in page:
                return found
            marker = {"Marker": page["NextMarker"]}

    configs = await pages("ListCodeSigningConfigs", "CodeSigningConfigs")
    assert [config["CodeSigningConfigId"] for config in configs] == expected
    arns = await pages("ListFunctionsByCodeSigningConfig", "FunctionArns", CodeSigningConfigArn=arn)
    assert [arn.rpartition(":")[2] for arn in arns] == names


async def test_regions_are_apart(plane: ControlPlane) -> None:
    arn = (await create(plane))["CodeSigningConfigArn"]
    elsewhere = dataclasses.replace(plane.context, region="eu-west-1")
    assert await plane.call("ListCodeSigningConfigs", context=elsewhere) == {"CodeSigningConfigs": []}
    with pytest.raises(ResourceNotFound):
        await plane.call("DeleteCodeSigningConfig", context=elsewhere, CodeSigningConfigArn=arn)
