"""Tags answer as AWS does, for every kind of resource alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import AccessDenied, CallerError, InvalidParameterValue, ResourceNotFound

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

PREFIX = "arn:aws:lambda:us-east-1:000000000000:"
FUNCTION = PREFIX + "function:f"
UUID = "00000000-0000-0000-0000-000000000000"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
PUBLISHER = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/1234567890"


async def _function(plane: ControlPlane, tags: dict[str, str]) -> str:
    return str((await plane.active("f", Tags=tags))["FunctionArn"])


async def _mapping(plane: ControlPlane, tags: dict[str, str]) -> str:
    await plane.active("f")
    created = await plane.call("CreateEventSourceMapping", FunctionName="f", EventSourceArn=QUEUE, Tags=tags)
    return str(created["EventSourceMappingArn"])


async def _code_signing_config(plane: ControlPlane, tags: dict[str, str]) -> str:
    publishers = {"SigningProfileVersionArns": [PUBLISHER]}
    created = await plane.call("CreateCodeSigningConfig", AllowedPublishers=publishers, Tags=tags)
    return str(created["CodeSigningConfig"]["CodeSigningConfigArn"])


async def _capacity_provider(plane: ControlPlane, tags: dict[str, str]) -> str:
    created = await plane.call(
        "CreateCapacityProvider",
        CapacityProviderName="c",
        VpcConfig={"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": ["sg-12345678"]},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": "arn:aws:iam::000000000000:role/r"},
        Tags=tags,
    )
    return str(created["CapacityProvider"]["CapacityProviderArn"])


KINDS = [_function, _mapping, _code_signing_config, _capacity_provider]


@pytest.mark.parametrize("create", KINDS)
async def test_tags_are_added_overwritten_and_taken_away(plane: ControlPlane, create: Any) -> None:
    arn = await create(plane, {"A": "1"})

    async def tags() -> dict[str, str]:
        found: dict[str, str] = (await plane.call("ListTags", Resource=arn))["Tags"]
        return found

    assert await tags() == {"A": "1"}
    await plane.call("TagResource", Resource=arn, Tags={"A": "2", "B": ""})
    assert await tags() == {"A": "2", "B": ""}
    await plane.call("UntagResource", Resource=arn, TagKeys=["B", "never"])
    assert await tags() == {"A": "2"}
    await plane.call("UntagResource", Resource=arn, TagKeys=["A"])
    assert await tags() == {}


@pytest.mark.parametrize("create", KINDS)
async def test_a_resource_has_fifty_tags_and_no_more(plane: ControlPlane, create: Any) -> None:
    arn = await create(plane, {})
    many = {f"{number}_key": "value" for number in range(50)}
    for refused in ({**many, "one": "more"}, {}, {"aws:k": "v"}, {"AWS:k": "v"}):
        with pytest.raises(InvalidParameterValue):
            await plane.call("TagResource", Resource=arn, Tags=refused)
    assert await plane.call("ListTags", Resource=arn) == {"Tags": {}}
    await plane.call("TagResource", Resource=arn, Tags=many)
    await plane.call("TagResource", Resource=arn, Tags={"0_key": "other"})
    with pytest.raises(InvalidParameterValue, match=r"^Number of tags exceeds resource tag limit.$"):
        await plane.call("TagResource", Resource=arn, Tags={"one": "more"})
    assert await plane.call("ListTags", Resource=arn) == {"Tags": many | {"0_key": "other"}}


async def test_tagging_gives_a_function_another_revision_and_changes_nothing_else(
    plane: ControlPlane,
) -> None:
    before = await plane.active("f")
    requests: dict[str, dict[str, Any]] = {
        "TagResource": {"Tags": {"a": "b"}},
        "UntagResource": {"TagKeys": ["a"]},
    }
    for operation, request in requests.items():
        await plane.call(operation, Resource=FUNCTION, **request)
        after = await plane.call("GetFunctionConfiguration", FunctionName="f")
        assert after.pop("RevisionId") != before["RevisionId"]
        assert after == {k: v for k, v in before.items() if k != "RevisionId"}
    refused: dict[str, Any] = {"FunctionName": "f", "Timeout": 9}
    with pytest.raises(CallerError):
        await plane.call("UpdateFunctionConfiguration", **refused, RevisionId=before["RevisionId"])


@pytest.mark.parametrize(
    ("resource", "error", "text"),
    [
        (FUNCTION, ResourceNotFound, f"Function not found: {FUNCTION}"),
        (
            PREFIX + "event-source-mapping:" + UUID,
            ResourceNotFound,
            f"Event source mapping not found: {PREFIX}event-source-mapping:{UUID}",
        ),
        (
            PREFIX + "capacity-provider:c",
            ResourceNotFound,
            f"Capacity provider not found: {PREFIX}capacity-provider:c",
        ),
        (
            PREFIX + "network-connector:c",
            ResourceNotFound,
            f"Network connector not found: {PREFIX}network-connector:c",
        ),
        (
            FUNCTION.replace("us-east-1", "us-east-2"),
            ResourceNotFound,
            f"Function not found: {FUNCTION.replace('us-east-1', 'us-east-2')}",
        ),
        *(
            (
                f"{FUNCTION}:{qualifier}",
                InvalidParameterValue,
                "Tags on function aliases and versions are not supported. Please specify a function ARN.",
            )
            for qualifier in ("$LATEST", "1", "live")
        ),
        (
            FUNCTION.replace(":000000000000:", ":111111111111:"),
            AccessDenied,
            "User: arn:aws:iam::000000000000:root is not authorized to perform: lambda:{operation} "
            "on resource: arn:aws:lambda:us-east-1:111111111111:function:f",
        ),
    ],
)
async def test_what_is_not_there_or_not_the_callers_is_refused(
    plane: ControlPlane, resource: str, error: type[CallerError], text: str
) -> None:
    requests: dict[str, dict[str, Any]] = {
        "TagResource": {"Tags": {"a": "b"}},
        "UntagResource": {"TagKeys": ["a"]},
        "ListTags": {},
    }
    for operation, request in requests.items():
        with pytest.raises(error) as caught:
            await plane.call(operation, Resource=resource, **request)
        assert caught.value.message == text.replace("{operation}", operation)


async def test_a_new_function_has_no_more_tags_either(plane: ControlPlane) -> None:
    with pytest.raises(InvalidParameterValue, match=r"^Number of tags exceeds resource tag limit.$"):
        await plane.create(Tags={f"{number}_key": "value" for number in range(51)})
    assert await plane.call("ListFunctions") == {"Functions": []}
