"""Layers over the control plane: what AWS answers, lists and refuses."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.unit.controlplane.conftest import CONTEXT

from ingle.model.errors import (
    AccessDenied,
    CodeStorageExceeded,
    InvalidParameterValue,
    NotImplementedYet,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)
from ingle.model.quotas import AccountLimits

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:layer:l"
STRANGER = replace(CONTEXT, account="111111111111")


def content(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (files or {"f": ""}).items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


async def publish(plane: ControlPlane, name: str = "l", **request: Any) -> dict[str, Any]:
    return await plane.call(
        "PublishLayerVersion", LayerName=name, **{"Content": {"ZipFile": content()}, **request}
    )


async def permit(plane: ControlPlane, sid: str = "s", number: int = 1, **request: Any) -> dict[str, Any]:
    defaults = {"Action": "lambda:GetLayerVersion", "Principal": "*", "LayerName": "l"}
    return await plane.call(
        "AddLayerVersionPermission", StatementId=sid, VersionNumber=number, **{**defaults, **request}
    )


async def test_a_publication_is_answered_as_aws_recorded_it(plane: ControlPlane) -> None:
    answer = await publish(plane, CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["x86_64"])
    location = urlsplit(answer["Content"].pop("Location"))
    assert plane.locations.verify(location.path, location.query).read_bytes() == content()
    assert len(answer["Content"].pop("CodeSha256")) == 44
    assert answer == {
        "CompatibleArchitectures": ["x86_64"],
        "CompatibleRuntimes": ["python3.12"],
        "Content": {"CodeSize": len(content())},
        "CreatedDate": "2026-01-01T00:00:00.000+0000",
        "Description": "",
        "LayerArn": ARN,
        "LayerVersionArn": f"{ARN}:1",
        "Version": 1,
    }


async def test_what_is_said_to_be_compatible_with_nothing_is_shown_so(plane: ControlPlane) -> None:
    said = await publish(plane, CompatibleRuntimes=[], CompatibleArchitectures=[])
    assert (said["CompatibleRuntimes"], said["CompatibleArchitectures"]) == ([], [])
    unsaid = await publish(plane)
    assert "CompatibleRuntimes" not in unsaid
    assert "CompatibleArchitectures" not in unsaid


async def test_numbers_go_on_when_all_versions_are_deleted(plane: ControlPlane) -> None:
    assert [(await publish(plane))["Version"] for _ in range(2)] == [1, 2]
    for number in (1, 2, 2, 9):
        assert await plane.call("DeleteLayerVersion", LayerName="l", VersionNumber=number) == {}
    assert await plane.call("ListLayerVersions", LayerName="l") == {"LayerVersions": []}
    assert await plane.call("ListLayers") == {"Layers": []}
    assert (await publish(plane))["Version"] == 3


async def test_versions_are_listed_newest_first_and_page_by_page(plane: ControlPlane) -> None:
    for _ in range(5):
        await publish(plane)
    seen: list[int] = []
    request: dict[str, Any] = {}
    while True:
        page = await plane.call("ListLayerVersions", LayerName="l", MaxItems=2, **request)
        seen += [version["Version"] for version in page["LayerVersions"]]
        if "NextMarker" not in page:
            break
        request = {"Marker": page["NextMarker"]}
    assert seen == [5, 4, 3, 2, 1]


async def test_layers_are_listed_with_the_newest_version_that_fits(plane: ControlPlane) -> None:
    await publish(plane, "b", CompatibleRuntimes=["python3.12"])
    await publish(plane, "b", CompatibleRuntimes=["nodejs22.x"], CompatibleArchitectures=["arm64"])
    await publish(plane, "a", CompatibleArchitectures=["arm64"])
    await publish(plane, "c")

    async def listed(**request: Any) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        marker: dict[str, Any] = {}
        while True:
            page = await plane.call("ListLayers", MaxItems=1, **request, **marker)
            found += [(one["LayerName"], one["LatestMatchingVersion"]["Version"]) for one in page["Layers"]]
            if "NextMarker" not in page:
                return found
            marker = {"Marker": page["NextMarker"]}

    assert await listed() == [("a", 1), ("b", 2), ("c", 1)]
    assert await listed(CompatibleRuntime="python3.12") == [("b", 1)]
    assert await listed(CompatibleArchitecture="arm64") == [("a", 1), ("b", 2)]
    assert await listed(CompatibleRuntime="python3.12", CompatibleArchitecture="arm64") == []
    assert await plane.call("ListLayers", context=STRANGER) == {"Layers": []}


async def test_questions_about_what_is_not_there(plane: ControlPlane) -> None:
    await publish(plane)
    for name, number in (("l", 2), ("none", 1)):
        with pytest.raises(ResourceNotFound, match=r"The resource you requested does not exist\."):
            await plane.call("GetLayerVersion", LayerName=name, VersionNumber=number)
    with pytest.raises(ResourceNotFound):
        await plane.call("GetLayerVersionByArn", Arn=f"{ARN}:2")
    with pytest.raises(ResourceNotFound):
        await plane.call("GetLayerVersionByArn", Arn="arn:aws:lambda:::awslayer:Some")
    for operation in ("GetLayerVersion", "DeleteLayerVersion"):
        with pytest.raises(InvalidParameterValue, match="Layer Version Cannot be less than 1"):
            await plane.call(operation, LayerName="l", VersionNumber=0)
    assert await plane.call("ListLayerVersions", LayerName="none") == {"LayerVersions": []}


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, InvalidParameterValue),
        ({"ZipFile": b"no zip"}, InvalidParameterValue),
        ({"ZipFile": b""}, InvalidParameterValue),
        ({"S3Bucket": "b", "S3Key": "k"}, NotImplementedYet),
    ],
)
async def test_a_refused_publication_takes_no_number(
    plane: ControlPlane, given: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await publish(plane, Content=given)
    assert (await publish(plane))["Version"] == 1


async def test_layers_count_as_the_account_s_code(
    plane_with: Callable[[AccountLimits], ControlPlane],
) -> None:
    plane = plane_with(AccountLimits(total_code_size=2 * len(content()) + 1))
    for number in (1, 2):
        assert (await publish(plane))["Version"] == number
    usage = (await plane.call("GetAccountSettings"))["AccountUsage"]
    assert usage["TotalCodeSize"] == 2 * len(content())
    with pytest.raises(CodeStorageExceeded):
        await publish(plane)
    await plane.call("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    assert (await publish(plane))["Version"] == 3


async def test_another_account_s_layer_is_its_own_affair(plane: ControlPlane) -> None:
    await publish(plane)
    for operation, request in (
        ("PublishLayerVersion", {"LayerName": ARN, "Content": {"ZipFile": content()}}),
        ("ListLayerVersions", {"LayerName": ARN}),
        ("DeleteLayerVersion", {"LayerName": ARN, "VersionNumber": 1}),
        ("GetLayerVersionPolicy", {"LayerName": ARN, "VersionNumber": 1}),
        ("GetLayerVersion", {"LayerName": ARN, "VersionNumber": 1}),
        ("GetLayerVersionByArn", {"Arn": f"{ARN}:1"}),
        ("GetLayerVersionByArn", {"Arn": f"{ARN}:2"}),
    ):
        with pytest.raises(AccessDenied, match="no resource-based policy allows the lambda:"):
            await plane.call(operation, context=STRANGER, **request)
    await permit(plane, Principal="111111111111")
    opened = await plane.call("GetLayerVersionByArn", context=STRANGER, Arn=f"{ARN}:1")
    assert opened["LayerVersionArn"] == f"{ARN}:1"


async def test_a_layer_s_policy_has_a_revision_of_its_own(plane: ControlPlane) -> None:
    await publish(plane)
    with pytest.raises(ResourceNotFound, match=r"No policy is associated with the given resource\."):
        await plane.call("GetLayerVersionPolicy", LayerName="l", VersionNumber=1)
    first = await permit(plane, "s1")
    second = await permit(plane, "s2", RevisionId=first["RevisionId"])
    policy = await plane.call("GetLayerVersionPolicy", LayerName="l", VersionNumber=1)
    assert policy["RevisionId"] == second["RevisionId"] != first["RevisionId"]
    with pytest.raises(PreconditionFailed, match="Call the GetLayerPolicy API"):
        await permit(plane, "s3", RevisionId=first["RevisionId"])
    with pytest.raises(ResourceConflict, match="The statement id \\(s1\\) provided already exists"):
        await permit(plane, "s1")
    remove: dict[str, Any] = {"LayerName": "l", "VersionNumber": 1}
    with pytest.raises(ResourceNotFound, match="Statement none is not found in resource policy"):
        await plane.call("RemoveLayerVersionPermission", StatementId="none", **remove)
    with pytest.raises(PreconditionFailed):
        await plane.call("RemoveLayerVersionPermission", StatementId="s1", RevisionId="wrong", **remove)
    await plane.call("RemoveLayerVersionPermission", StatementId="s1", **remove)
    await plane.call("RemoveLayerVersionPermission", StatementId="s2", **remove)
    with pytest.raises(ResourceNotFound):
        await plane.call("GetLayerVersionPolicy", LayerName="l", VersionNumber=1)
    with pytest.raises(ResourceNotFound):
        await plane.call("RemoveLayerVersionPermission", StatementId="s1", **remove)


async def test_policies_of_layer_versions_that_are_not_there(plane: ControlPlane) -> None:
    missing = f"Layer version {ARN}:2 does not exist."
    await publish(plane)
    statement = {"StatementId": "s", "Principal": "*", "Action": "lambda:GetLayerVersion"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("AddLayerVersionPermission", statement),
        ("RemoveLayerVersionPermission", {"StatementId": "s"}),
        ("GetLayerVersionPolicy", {}),
    ]
    for operation, request in calls:
        with pytest.raises(ResourceNotFound) as caught:
            await plane.call(operation, LayerName="l", VersionNumber=2, **request)
        assert caught.value.message == missing
