"""Aliases as AWS creates, moves, shares, lists and deletes them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import (
    CallerError,
    InvalidParameterValue,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.fixture
async def versions(plane: ControlPlane) -> ControlPlane:
    """A function `f` with versions 1 to 3, of 4, 5 and 6 seconds."""
    await plane.active()
    for timeout in (4, 5, 6):
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=timeout)
        await plane.lifecycle.settle_all()
        await plane.call("PublishVersion", FunctionName="f")
    return plane


async def create(plane: ControlPlane, name: str = "live", version: str = "1", **more: Any) -> dict[str, Any]:
    return await plane.call("CreateAlias", FunctionName="f", Name=name, FunctionVersion=version, **more)


def weights(**shares: float) -> dict[str, Any]:
    return {"AdditionalVersionWeights": {name.strip("v"): share for name, share in shares.items()}}


async def test_an_alias_is_what_was_created(versions: ControlPlane) -> None:
    created = await create(versions, Description="d", RoutingConfig=weights(v2=0.2))
    assert created == {
        "AliasArn": f"{ARN}:live",
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "d",
        "RevisionId": created["RevisionId"],
        "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.2}},
    }
    assert await versions.call("GetAlias", FunctionName="f", Name="live") == created
    plain = await create(versions, "plain", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in plain
    assert plain["Description"] == ""


async def test_a_function_answers_to_its_aliases(versions: ControlPlane) -> None:
    await create(versions, version="2")
    for name, qualifier in (("f", "live"), ("f:live", None), (f"{ARN}:live", "live")):
        request: dict[str, Any] = {"FunctionName": name}
        if qualifier is not None:
            request["Qualifier"] = qualifier
        configuration = (await versions.call("GetFunction", **request))["Configuration"]
        assert (configuration["Version"], configuration["Timeout"]) == ("2", 5)
        assert configuration["FunctionArn"] == f"{ARN}:live"
    with pytest.raises(ResourceNotFound) as caught:
        await versions.call("GetFunction", FunctionName="f", Qualifier="Live")
    assert caught.value.message == f"Function not found: {ARN}:Live"


async def test_an_update_changes_what_it_names_and_the_revision(versions: ControlPlane) -> None:
    created = await create(versions, Description="d", RoutingConfig=weights(v2=0.2))

    async def update(**changes: Any) -> dict[str, Any]:
        return await versions.call("UpdateAlias", FunctionName="f", Name="live", **changes)

    moved = await update(FunctionVersion="3")
    assert moved == created | {"FunctionVersion": "3", "RevisionId": moved["RevisionId"]}
    assert moved["RevisionId"] != created["RevisionId"]
    assert (await update(Description=""))["Description"] == ""
    assert (await update(RoutingConfig=weights(v1=1.0)))["RoutingConfig"] == weights(v1=1.0)
    ended = await update(RoutingConfig={})
    assert "RoutingConfig" not in ended
    with pytest.raises(PreconditionFailed, match="does not match the latest Revision Id"):
        await update(FunctionVersion="1", RevisionId=created["RevisionId"])
    assert await versions.call("GetAlias", FunctionName="f", Name="live") == ended
    assert (await update(FunctionVersion="1", RevisionId=ended["RevisionId"]))["FunctionVersion"] == "1"


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        (
            {"RoutingConfig": weights(v2=0.1, v3=0.1)},
            InvalidParameterValue,
            "Number of items in AdditionalVersionWeights cannot be greater than 1",
        ),
        (
            {"RoutingConfig": weights(v1=0.1)},
            InvalidParameterValue,
            "Invalid function version 1. Function version 1 is already included in routing configuration.",
        ),
        (
            {"FunctionVersion": "$LATEST", "RoutingConfig": weights(v1=0.1)},
            InvalidParameterValue,
            "$LATEST is not supported for an alias pointing to more than 1 version",
        ),
        ({"FunctionVersion": "10"}, ResourceNotFound, f"Function not found: {ARN}:10"),
        ({"RoutingConfig": weights(v10=0.1)}, ResourceNotFound, f"Function not found: {ARN}:10"),
        ({"FunctionName": "g"}, ResourceNotFound, f"Function not found: {ARN[:-1]}g:1"),
        ({"Name": "taken"}, ResourceConflict, f"Alias already exists: {ARN}:taken"),
    ],
)
async def test_a_refused_alias_is_not_made(
    versions: ControlPlane, request_: dict[str, Any], error: type[CallerError], text: str
) -> None:
    taken = await create(versions, "taken")
    request: dict[str, Any] = {"FunctionName": "f", "Name": "new", "FunctionVersion": "1"}
    with pytest.raises(error) as caught:
        await versions.call("CreateAlias", **(request | request_))
    assert caught.value.message == text
    assert await versions.call("ListAliases", FunctionName="f") == {"Aliases": [taken]}


async def test_a_refused_update_changes_nothing(versions: ControlPlane) -> None:
    before = await create(versions, RoutingConfig=weights(v2=0.2))
    for version in ("2", "$LATEST", "10"):
        with pytest.raises(CallerError):
            await versions.call(
                "UpdateAlias", FunctionName="f", Name="live", Description="x", FunctionVersion=version
            )
    assert await versions.call("GetAlias", FunctionName="f", Name="live") == before


async def test_an_alias_that_is_not_there(versions: ControlPlane) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await versions.call("GetAlias", FunctionName="f", Name="nobody")
    assert caught.value.message == f"Cannot find alias arn: {ARN}:nobody"
    with pytest.raises(ResourceNotFound) as caught:
        await versions.call("UpdateAlias", FunctionName="f", Name="nobody")
    assert caught.value.message == f"Alias not found: {ARN}:nobody"
    assert await versions.call("DeleteAlias", FunctionName="f", Name="nobody") == {}
    missing: list[tuple[str, dict[str, Any]]] = [("DeleteAlias", {"Name": "a"}), ("ListAliases", {})]
    for operation, more in missing:
        with pytest.raises(ResourceNotFound) as caught:
            await versions.call(operation, FunctionName="g", **more)
        assert caught.value.message == f"Function not found: {ARN[:-1]}g"


async def test_aliases_are_listed_by_name_page_by_page_and_by_version(versions: ControlPlane) -> None:
    for name, version in (("c", "1"), ("a", "2"), ("d", "$LATEST"), ("b", "1"), ("e", "2")):
        await create(versions, name, version)
    found: list[str] = []
    marker: dict[str, Any] = {}
    while True:
        page = await versions.call("ListAliases", FunctionName="f", MaxItems=2, **marker)
        found += [alias["Name"] for alias in page["Aliases"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == ["a", "b", "c", "d", "e"]
    for version, names in (("1", ["b", "c"]), ("$LATEST", ["d"]), ("3", []), ("$LATEST.PUBLISHED", [])):
        page = await versions.call("ListAliases", FunctionName="f", FunctionVersion=version)
        assert [alias["Name"] for alias in page["Aliases"]] == names


async def test_aliases_go_one_by_one_or_with_their_function(versions: ControlPlane) -> None:
    await create(versions, "a")
    await create(versions, "b", RoutingConfig=weights(v2=0.5))
    await versions.call("DeleteAlias", FunctionName="f", Name="a")
    assert [a["Name"] for a in (await versions.call("ListAliases", FunctionName="f"))["Aliases"]] == ["b"]
    await versions.call("DeleteFunction", FunctionName="f")
    await versions.active()
    assert await versions.call("ListAliases", FunctionName="f") == {"Aliases": []}


async def test_of_two_clients_that_move_one_alias_one_wins(versions: ControlPlane) -> None:
    revision = (await create(versions))["RevisionId"]
    results = await asyncio.gather(
        *(
            versions.call(
                "UpdateAlias", FunctionName="f", Name="live", FunctionVersion=version, RevisionId=revision
            )
            for version in ("2", "3")
        ),
        return_exceptions=True,
    )
    (won,) = (result for result in results if isinstance(result, dict))
    (lost,) = (result for result in results if not isinstance(result, dict))
    assert isinstance(lost, PreconditionFailed)
    assert await versions.call("GetAlias", FunctionName="f", Name="live") == won
