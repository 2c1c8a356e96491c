"""Versions as AWS publishes, numbers, lists, shows and deletes them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import (
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


async def change(plane: ControlPlane, **changes: Any) -> None:
    await plane.call("UpdateFunctionConfiguration", FunctionName="f", **changes)
    await plane.lifecycle.settle_all()


async def numbers(plane: ControlPlane) -> list[str]:
    page = await plane.call("ListVersionsByFunction", FunctionName="f")
    return [version["Version"] for version in page["Versions"]]


async def test_a_version_is_answered_as_aws_recorded_it(plane: ControlPlane) -> None:
    latest = await plane.active(Description="of latest")
    published = await plane.call("PublishVersion", FunctionName="f", Description="of the version")
    assert published["RevisionId"] != latest["RevisionId"]
    assert published == latest | {
        "Version": "1",
        "FunctionArn": f"{ARN}:1",
        "Description": "of the version",
        "RevisionId": published["RevisionId"],
    }
    assert await plane.call("GetFunctionConfiguration", FunctionName="f", Qualifier="1") == published
    now = await plane.call("GetFunctionConfiguration", FunctionName="f")
    assert now == latest | {"RevisionId": now["RevisionId"]}
    assert now["RevisionId"] != latest["RevisionId"]  # a publication is a change of $LATEST


async def test_a_version_stays_as_it_was_when_latest_changes(plane: ControlPlane) -> None:
    await plane.active()
    first = await plane.call("PublishVersion", FunctionName="f")
    await change(plane, MemorySize=512, Environment={"Variables": {"A": "1"}})
    await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"))
    await plane.lifecycle.settle_all()
    assert await plane.call("GetFunctionConfiguration", FunctionName="f:1") == first


async def test_what_was_not_changed_is_published_once_whatever_its_description(plane: ControlPlane) -> None:
    await plane.active()
    first = await plane.call("PublishVersion", FunctionName="f", Description="one")
    assert await plane.call("PublishVersion", FunctionName="f", Description="two") == first
    await change(plane, Description="latest has another")
    second = await plane.call("PublishVersion", FunctionName="f")
    assert (second["Version"], second["Description"]) == ("2", "latest has another")
    assert await numbers(plane) == ["$LATEST", "1", "2"]


async def test_a_version_that_is_published_with_new_code_is_pending_as_long_as_that_is(
    plane: ControlPlane,
) -> None:
    await plane.active()
    answer = await plane.call(
        "UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"), Publish=True
    )
    assert (answer["Version"], answer["State"], answer["StateReasonCode"]) == ("1", "Pending", "Creating")
    assert "LastUpdateStatus" not in answer
    latest = await plane.call("GetFunctionConfiguration", FunctionName="f")
    assert (latest["State"], latest["LastUpdateStatus"]) == ("Active", "InProgress")
    await plane.lifecycle.settle_all()
    version = await plane.call("GetFunctionConfiguration", FunctionName="f:1")
    assert (version["State"], version["LastUpdateStatus"]) == ("Active", "Successful")


@pytest.mark.parametrize("settle", [True, False])
async def test_a_function_on_its_way_is_not_published(plane: ControlPlane, settle: bool) -> None:
    await plane.create()
    text = "The function is currently in the following state: Pending"
    if settle:
        await plane.lifecycle.settle_all()
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
        text = f"An update is in progress for resource: {ARN}"
    with pytest.raises(ResourceConflict, match=text):
        await plane.call("PublishVersion", FunctionName="f")
    assert await numbers(plane) == ["$LATEST"]


async def test_a_publication_may_insist_on_code_and_revision(plane: ControlPlane) -> None:
    latest = await plane.active()
    with pytest.raises(PreconditionFailed, match="does not match the latest Revision Id"):
        await plane.call("PublishVersion", FunctionName="f", RevisionId="doesntexist")
    with pytest.raises(InvalidParameterValue) as caught:
        await plane.call("PublishVersion", FunctionName="f", CodeSha256="another")
    assert caught.value.message == (
        f"CodeSHA256 (another) is different from current CodeSHA256 in $LATEST ({latest['CodeSha256']}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )
    published = await plane.call(
        "PublishVersion",
        FunctionName="f",
        RevisionId=latest["RevisionId"],
        CodeSha256=latest["CodeSha256"],
    )
    assert published["Version"] == "1"


async def test_two_publications_at_once_make_one_version(plane: ControlPlane) -> None:
    await plane.active()
    results = await asyncio.gather(
        *(plane.call("PublishVersion", FunctionName="f") for _ in range(5)), return_exceptions=True
    )
    won = [result["Version"] for result in results if isinstance(result, dict)]
    assert set(won) == {"1"}
    assert all(isinstance(result, dict | ResourceConflict) for result in results)
    assert await numbers(plane) == ["$LATEST", "1"]


async def test_numbers_are_never_used_again(plane: ControlPlane) -> None:
    await plane.active()
    await plane.call("PublishVersion", FunctionName="f")
    await plane.call("DeleteFunction", FunctionName="f:1")
    assert (await plane.call("PublishVersion", FunctionName="f"))["Version"] == "2"
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.active()
    assert (await plane.call("PublishVersion", FunctionName="f"))["Version"] == "3"


async def test_versions_are_listed_page_by_page_latest_first(plane: ControlPlane) -> None:
    await plane.active()
    for timeout in range(4, 9):
        await change(plane, Timeout=timeout)
        await plane.call("PublishVersion", FunctionName="f")
    await plane.active("g")
    found: list[str] = []
    marker: dict[str, Any] = {}
    while True:
        page = await plane.call("ListVersionsByFunction", FunctionName="f", MaxItems=2, **marker)
        found += [version["FunctionArn"] for version in page["Versions"]]
        assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & page["Versions"][0].keys()
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == [f"{ARN}:{version}" for version in ("$LATEST", 1, 2, 3, 4, 5)]


@pytest.mark.parametrize("operation", ["PublishVersion", "ListVersionsByFunction"])
async def test_a_function_that_is_not_there_has_no_versions(plane: ControlPlane, operation: str) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, FunctionName="f")
    assert caught.value.message == f"Function not found: {ARN}"


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PublishVersion", {}),
        ("ListVersionsByFunction", {}),
        ("UpdateFunctionConfiguration", {"Timeout": 9}),
        ("CreateAlias", {"Name": "a", "FunctionVersion": "1"}),
        ("PutFunctionConcurrency", {"ReservedConcurrentExecutions": 1}),
    ],
)
async def test_what_is_of_the_whole_function_takes_no_qualifier(
    plane: ControlPlane, operation: str, request_: dict[str, Any]
) -> None:
    await plane.active(Publish=True)
    with pytest.raises(InvalidParameterValue, match="This operation is permitted on Lambda functions only"):
        await plane.call(operation, FunctionName=f"{ARN}:1", **request_)


async def test_a_version_that_aliases_name_cannot_go_alone(plane: ControlPlane) -> None:
    await plane.active(Publish=True)
    await change(plane, Timeout=9)
    await plane.call("PublishVersion", FunctionName="f")
    await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    await plane.call(
        "CreateAlias",
        FunctionName="f",
        Name="canary",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}},
    )
    with pytest.raises(ResourceConflict) as caught:
        await plane.call("DeleteFunction", FunctionName="f", Qualifier="1")
    assert caught.value.message == (
        "Unable to delete version because the following aliases reference it: [canary, live]"
    )
    assert await numbers(plane) == ["$LATEST", "1", "2"]
    await plane.call("DeleteFunction", FunctionName="f")  # with the function it can
    with pytest.raises(ResourceNotFound):
        await plane.call("GetFunction", FunctionName="f:1")
