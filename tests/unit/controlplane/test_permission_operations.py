"""Permissions of functions, versions and aliases over the control plane, one by one and as whole policies."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.controlplane.conftest import CONTEXT

from ingle.model.errors import (
    AccessDenied,
    InvalidParameterValue,
    PolicyLengthExceeded,
    PreconditionFailed,
    ResourceConflict,
    ResourceNotFound,
)

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


async def permit(plane: ControlPlane, sid: str = "s3", name: str = "f", **request: Any) -> dict[str, Any]:
    defaults = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    answer = await plane.call("AddPermission", FunctionName=name, StatementId=sid, **{**defaults, **request})
    statement: dict[str, Any] = json.loads(answer["Statement"])
    return statement


async def policy(plane: ControlPlane, name: str = "f", **request: Any) -> tuple[list[str], str]:
    """The Sids of a policy and its revision."""
    answer = await plane.call("GetPolicy", FunctionName=name, **request)
    return [one["Sid"] for one in json.loads(answer["Policy"])["Statement"]], answer["RevisionId"]


async def test_statements_come_and_go_and_each_change_is_a_revision(plane: ControlPlane) -> None:
    await plane.active()
    before = await plane.call("GetFunctionConfiguration", FunctionName="f")
    await permit(plane, "a")
    first = await policy(plane)
    await permit(plane, "b", RevisionId=first[1])
    second = await policy(plane)
    assert (first[0], second[0]) == (["a"], ["a", "b"])
    assert first[1] != second[1]
    await plane.call("RemovePermission", FunctionName="f", StatementId="a", RevisionId=second[1])
    assert (await policy(plane))[0] == ["b"]
    await plane.call("RemovePermission", FunctionName="f", StatementId="b")
    with pytest.raises(ResourceNotFound, match=r"The resource you requested does not exist\."):
        await policy(plane)
    # The policy's revisions are its own; the function has not changed.
    assert await plane.call("GetFunctionConfiguration", FunctionName="f") == before


async def test_a_policy_belongs_to_what_it_was_added_to(plane: ControlPlane) -> None:
    await plane.active()
    await plane.call("PublishVersion", FunctionName="f")
    await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    assert (await permit(plane))["Resource"] == ARN
    assert (await permit(plane, Qualifier="1"))["Resource"] == f"{ARN}:1"
    assert (await permit(plane, name="f:live", Qualifier="live"))["Resource"] == f"{ARN}:live"
    assert (await permit(plane, "other", name=f"{ARN}:live"))["Resource"] == f"{ARN}:live"
    assert (await policy(plane, Qualifier="live"))[0] == ["s3", "other"]
    assert (await policy(plane, "f:1"))[0] == ["s3"]
    await plane.call("RemovePermission", FunctionName="f:1", StatementId="s3")
    with pytest.raises(ResourceNotFound):
        await policy(plane, Qualifier="1")
    assert (await policy(plane))[0] == ["s3"]


@pytest.mark.parametrize(
    ("gone", "deletion"),
    [
        ("live", ("DeleteAlias", {"FunctionName": "f", "Name": "live"})),
        ("2", ("DeleteFunction", {"FunctionName": "f", "Qualifier": "2"})),
    ],
)
async def test_a_policy_goes_with_its_version_and_its_alias(
    plane: ControlPlane, gone: str, deletion: tuple[str, dict[str, Any]]
) -> None:
    await plane.active()
    for source in ("x = 1", "x = 2"):
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package(source), Publish=True)
        await plane.lifecycle.settle_all()
    await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ("live", "2", "1"):
        await permit(plane, Qualifier=qualifier)
    await plane.call(deletion[0], **deletion[1])
    with pytest.raises(ResourceNotFound):
        await policy(plane, Qualifier=gone)
    assert (await policy(plane, Qualifier="1"))[0] == ["s3"]


async def test_policies_go_with_the_function(plane: ControlPlane) -> None:
    await plane.active()
    await permit(plane)
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.active()
    with pytest.raises(ResourceNotFound):
        await policy(plane)


async def test_refused_additions_in_aws_s_words_change_nothing(plane: ControlPlane) -> None:
    await plane.active()
    await permit(plane)
    before = await policy(plane)
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"name": "none"}, ResourceNotFound, f"Function not found: {ARN[:-1]}none"),
        ({"name": "none", "Qualifier": "1"}, ResourceNotFound, f"Function not found: {ARN[:-1]}none"),
        ({"Qualifier": "42"}, ResourceNotFound, f"Function not found: {ARN}:42"),
        ({"Qualifier": "alias"}, ResourceNotFound, f"Cannot find alias arn: {ARN}:alias"),
        ({"Qualifier": "a-$-b"}, ResourceNotFound, f"Function not found: {ARN}:a-$-b"),
        (
            {"name": "f:$LATEST"},
            InvalidParameterValue,
            "We currently do not support adding policies for $LATEST.",
        ),
        (
            {"name": "f:x", "Qualifier": "y"},
            InvalidParameterValue,
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        (
            {},
            ResourceConflict,
            "The statement id (s3) provided already exists. "
            "Please provide a new statement id, or remove the existing statement.",
        ),
        (
            {"RevisionId": "wrong"},
            PreconditionFailed,
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetPolicy API to retrieve the latest Revision Id",
        ),
        (
            {"sid": "t", "Principal": "invalid.nonaws.com"},
            InvalidParameterValue,
            "The provided principal was invalid. Please check the principal and try again.",
        ),
    ]
    for request, kind, message in cases:
        with pytest.raises(kind) as caught:
            await permit(plane, **request)
        assert caught.value.message == message  # type: ignore[attr-defined]
    assert await policy(plane) == before


async def test_refused_removals_in_aws_s_words(plane: ControlPlane) -> None:
    await plane.active()

    async def refused(request: dict[str, Any]) -> str:
        with pytest.raises(ResourceNotFound) as caught:
            await plane.call("RemovePermission", **{"FunctionName": "f", "StatementId": "s3", **request})
        return caught.value.message

    assert await refused({}) == "No policy is associated with the given resource."
    await permit(plane)
    assert await refused({"StatementId": "x"}) == "Statement x is not found in resource policy."
    assert await refused({"FunctionName": "none"}) == f"No policy found for: {ARN[:-1]}none"
    assert await refused({"Qualifier": "alias"}) == f"Cannot find alias arn: {ARN}:alias"
    assert await refused({"Qualifier": "7"}) == f"Function not found: {ARN}:7"
    with pytest.raises(PreconditionFailed):
        await plane.call("RemovePermission", FunctionName="f", StatementId="s3", RevisionId="wrong")


async def test_a_policy_has_20_kb(plane: ControlPlane) -> None:
    await plane.active()
    longest = "arn:aws:s3:::" + "b" * 9_000
    await permit(plane, "a", SourceArn=longest)
    await permit(plane, "b", SourceArn=longest)
    with pytest.raises(PolicyLengthExceeded, match=r"The final policy size \(\d{5}\) is bigger than"):
        await permit(plane, "c", SourceArn=longest)
    assert (await policy(plane))[0] == ["a", "b"]


async def test_another_account_s_policies_are_its_own_affair(plane: ControlPlane) -> None:
    await plane.active()
    stranger = replace(CONTEXT, account="111111111111")
    for operation, request in (
        ("GetPolicy", {"FunctionName": ARN}),
        ("RemovePermission", {"FunctionName": ARN, "StatementId": "s"}),
        ("GetResourcePolicy", {"ResourceArn": ARN}),
        ("DeleteResourcePolicy", {"ResourceArn": ARN}),
        ("PutResourcePolicy", {"ResourceArn": ARN, "Policy": "{}"}),
    ):
        with pytest.raises(AccessDenied):
            await plane.call(operation, context=stranger, **request)


def whole(resource: str = ARN, **statement: Any) -> str:
    one = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**one, **statement}]})


async def test_a_whole_policy_is_the_same_policy(plane: ControlPlane) -> None:
    await plane.active()
    await permit(plane, "old")
    put = await plane.call("PutResourcePolicy", ResourceArn=ARN, Policy=whole(Sid="new"))
    assert json.loads(put["Policy"]) == json.loads(whole(Sid="new"))
    assert await policy(plane) == (["new"], put["RevisionId"])
    await permit(plane, "added", RevisionId=put["RevisionId"])
    got = await plane.call("GetResourcePolicy", ResourceArn=ARN)
    assert [one["Sid"] for one in json.loads(got["Policy"])["Statement"]] == ["new", "added"]
    changes: list[tuple[str, dict[str, Any]]] = [
        ("PutResourcePolicy", {"Policy": whole()}),
        ("DeleteResourcePolicy", {}),
    ]
    for operation, request in changes:
        with pytest.raises(PreconditionFailed, match="Call the GetResourcePolicy API"):
            await plane.call(operation, ResourceArn=ARN, RevisionId=put["RevisionId"], **request)
    await plane.call("DeleteResourcePolicy", ResourceArn=ARN, RevisionId=got["RevisionId"])
    for operation in ("GetResourcePolicy", "DeleteResourcePolicy"):
        with pytest.raises(ResourceNotFound):
            await plane.call(operation, ResourceArn=ARN)


async def test_whole_policies_want_their_resource(plane: ControlPlane) -> None:
    await plane.active()
    await plane.call("PublishVersion", FunctionName="f")
    assert await plane.call("PutResourcePolicy", ResourceArn=f"{ARN}:1", Policy=whole(f"{ARN}:1"))
    for arn in (f"{ARN}:2", f"{ARN}:alias", f"{ARN}x", "arn:aws:lambda:us-east-1:000000000000:runtime/r"):
        with pytest.raises(ResourceNotFound, match=r"The resource you requested does not exist\."):
            await plane.call("PutResourcePolicy", ResourceArn=arn, Policy=whole(arn))
    with pytest.raises(InvalidParameterValue, match=r"adding policies for \$LATEST"):
        await plane.call("PutResourcePolicy", ResourceArn=f"{ARN}:$LATEST", Policy=whole())
    with pytest.raises(InvalidParameterValue, match="not the one that the policy is attached to"):
        await plane.call("PutResourcePolicy", ResourceArn=ARN, Policy=whole(f"{ARN}x"))
