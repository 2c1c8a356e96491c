"""The operations on functions answer as AWS does: members, defaults, states and refusals."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ingle.model.errors import (
    AccessDenied,
    CallerError,
    CodeStorageExceeded,
    InvalidParameterValue,
    NotImplementedYet,
    PreconditionFailed,
    RequestEntityTooLarge,
    ResourceConflict,
    ResourceNotFound,
)
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.quotas import AccountLimits

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
ROLE = "arn:aws:iam::000000000000:role/r"


async def test_a_creation_is_answered_as_aws_recorded_it(plane: ControlPlane) -> None:
    answer = await plane.create(Environment={"Variables": {}})
    content = plane.package()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.pop("RevisionId"))
    arn = answer["RuntimeVersionConfig"].pop("RuntimeVersionArn")
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", arn)
    assert answer == {
        "Architectures": ["x86_64"],
        "CodeSha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "CodeSize": len(content),
        "Description": "",
        "Environment": {"Variables": {}},
        "EphemeralStorage": {"Size": 512},
        "FunctionArn": ARN,
        "FunctionName": "f",
        "Handler": "app.handler",
        "LastModified": "2026-01-01T00:00:00.000+0000",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        "MemorySize": 128,
        "PackageType": "Zip",
        "Role": ROLE,
        "Runtime": "python3.12",
        "RuntimeVersionConfig": {},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "Timeout": 3,
        "TracingConfig": {"Mode": "PassThrough"},
        "Version": "$LATEST",
    }


async def test_a_function_becomes_active_with_another_revision(plane: ControlPlane) -> None:
    created = await plane.create()
    await plane.lifecycle.settle_all()
    answer = (await plane.call("GetFunction", FunctionName="f"))["Configuration"]
    assert answer["State"] == "Active"
    assert answer["LastUpdateStatus"] == "Successful"
    assert "StateReason" not in answer
    assert answer["RevisionId"] != created["RevisionId"]


async def test_an_update_goes_through_in_progress_and_refuses_another_meanwhile(plane: ControlPlane) -> None:
    await plane.active()
    changed = await plane.call(
        "UpdateFunctionConfiguration", FunctionName="f", MemorySize=256, Description="d"
    )
    assert (changed["State"], changed["LastUpdateStatus"]) == ("Active", "InProgress")
    assert changed["LastUpdateStatusReasonCode"] == "Creating"
    assert (changed["MemorySize"], changed["Description"], changed["Timeout"]) == (256, "d", 3)
    with pytest.raises(ResourceConflict) as caught:
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"))
    assert caught.value.message == (
        f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
    )
    await plane.lifecycle.settle_all()
    again = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"))
    assert again["CodeSha256"] != changed["CodeSha256"]


async def test_a_pending_function_refuses_updates(plane: ControlPlane) -> None:
    await plane.create()
    with pytest.raises(ResourceConflict, match="currently in the following state: Pending"):
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)


@pytest.mark.parametrize("name", ["f", "000000000000:function:f", ARN, "function:f"])
async def test_a_function_answers_to_every_form_of_its_name(plane: ControlPlane, name: str) -> None:
    await plane.active()
    assert (await plane.call("GetFunctionConfiguration", FunctionName=name))["FunctionArn"] == ARN
    qualified = await plane.call("GetFunctionConfiguration", FunctionName=name, Qualifier="$LATEST")
    assert qualified["FunctionArn"] == f"{ARN}:$LATEST"


async def test_a_name_is_taken_once(plane: ControlPlane) -> None:
    await plane.create()
    with pytest.raises(ResourceConflict, match=r"^Function already exist: f$"):
        await plane.create()


@pytest.mark.parametrize(
    ("operation", "request_", "arn"),
    [
        ("GetFunction", {}, ARN),
        ("GetFunction", {"Qualifier": "1221"}, f"{ARN}:1221"),
        ("GetFunctionConfiguration", {"Qualifier": "$LATEST"}, f"{ARN}:$LATEST"),
        ("UpdateFunctionCode", {"ZipFile": b""}, ARN),
        ("UpdateFunctionConfiguration", {}, ARN),
        ("DeleteFunction", {}, ARN),
        ("DeleteFunction", {"Qualifier": "1221"}, ARN),
    ],
)
async def test_a_function_that_is_not_there_is_not_found(
    plane: ControlPlane, operation: str, request_: dict[str, Any], arn: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, FunctionName="f", **request_)
    assert caught.value.message == f"Function not found: {arn}"


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        ({"Code": {}}, InvalidParameterValue, "Please provide a source for function code."),
        ({"Code": {"ZipFile": b"no zip"}}, InvalidParameterValue, "Could not unzip uploaded file"),
        ({"Code": {"ZipFile": b""}}, InvalidParameterValue, "Uploaded file must be a non-empty zip"),
        ({"Code": {"S3Bucket": "b", "S3Key": "k"}}, NotImplementedYet, "code from S3"),
        (
            {"PackageType": "Image", "Runtime": None, "Handler": None, "Code": {"ImageUri": "r:latest"}},
            NotImplementedYet,
            "container images",
        ),
        ({"Layers": ["arn:..."]}, InvalidParameterValue, "does not exist"),
        ({"Handler": None}, InvalidParameterValue, "Runtime and Handler are mandatory parameters"),
        ({"Runtime": None}, InvalidParameterValue, "Runtime and Handler are mandatory parameters"),
        (
            {"Runtime": "nodejs14.x"},
            InvalidParameterValue,
            "The runtime parameter of nodejs14.x is no longer",
        ),
        (
            {"Runtime": "cobol"},
            InvalidParameterValue,
            "Value cobol at 'runtime' failed to satisfy constraint",
        ),
        ({"Runtime": "ruby3.4"}, InvalidParameterValue, "ruby3.4 is not installed: do this"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, InvalidParameterValue, "reserved keys"),
        ({"Environment": {"Variables": {"A": "x" * 4096}}}, InvalidParameterValue, "exceeded the 4KB limit"),
        (
            {"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "python3.11"},
            InvalidParameterValue,
            "python3.11 is not supported for SnapStart enabled functions.",
        ),
        (
            {"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "DEBUG"}},
            InvalidParameterValue,
            'LogLevel is not supported when LogFormat is set to "Text"',
        ),
        ({"FunctionName": "a" * 65}, InvalidParameterValue, "length less than or equal to 64"),
        ({"FunctionName": "111111111111:function:f"}, AccessDenied, "is not authorized to perform"),
    ],
)
async def test_a_refused_creation_leaves_nothing(
    plane: ControlPlane, request_: dict[str, Any], error: type[CallerError], text: str
) -> None:
    plane.catalogue.missing = frozenset({"ruby3.4"})
    with pytest.raises(error) as caught:
        await plane.create(**request_)
    assert text in caught.value.message
    assert await plane.call("ListFunctions") == {"Functions": []}


async def test_a_package_may_have_50_megabytes_and_no_more(plane: ControlPlane) -> None:
    with pytest.raises(RequestEntityTooLarge, match="Zipped size must be smaller than 52428800 bytes"):
        await plane.create(Code={"ZipFile": bytes(52_428_801)})


async def test_an_account_may_fill_its_code_storage_and_no_more(
    plane_with: Callable[[AccountLimits], ControlPlane],
) -> None:
    plane = plane_with(AccountLimits())
    size = len(plane.package())
    plane = plane_with(AccountLimits(total_code_size=2 * size))
    await plane.active("a")
    await plane.active("b")
    with pytest.raises(CodeStorageExceeded, match="Code storage limit exceeded"):
        await plane.create("c")
    with pytest.raises(CodeStorageExceeded):
        await plane.call("UpdateFunctionCode", FunctionName="a", ZipFile=plane.package("x" * 100))
    settings = await plane.call("GetAccountSettings")
    assert settings["AccountUsage"] == {"TotalCodeSize": 2 * size, "FunctionCount": 2}
    assert settings["AccountLimit"]["ConcurrentExecutions"] == 1000


async def test_an_update_with_an_old_revision_changes_nothing(plane: ControlPlane) -> None:
    created = await plane.create()
    await plane.lifecycle.settle_all()
    for operation, change in (
        ("UpdateFunctionConfiguration", {"Timeout": 9}),
        ("UpdateFunctionCode", {"ZipFile": plane.package("x = 1")}),
    ):
        with pytest.raises(PreconditionFailed) as caught:
            await plane.call(operation, FunctionName="f", RevisionId=created["RevisionId"], **change)
        assert caught.value.message.startswith(
            "The Revision Id provided does not match the latest Revision Id."
        )
    answer = await plane.call("GetFunctionConfiguration", FunctionName="f")
    assert (answer["Timeout"], answer["CodeSha256"]) == (3, created["CodeSha256"])
    await plane.call(
        "UpdateFunctionConfiguration", FunctionName="f", Timeout=9, RevisionId=answer["RevisionId"]
    )


async def test_a_dry_run_says_what_would_be_and_changes_nothing(plane: ControlPlane) -> None:
    before = await plane.active()
    answer = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x"), DryRun=True)
    assert answer["CodeSha256"] != before["CodeSha256"]
    assert await plane.call("GetFunctionConfiguration", FunctionName="f") == before
    with pytest.raises(InvalidParameterValue, match="Could not unzip"):
        await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=b"x", DryRun=True)


async def test_published_versions_are_numbered_and_numbers_never_come_back(plane: ControlPlane) -> None:
    created = await plane.create(Publish=True)
    assert (created["Version"], created["FunctionArn"], created["State"]) == ("1", ARN, "Pending")
    await plane.lifecycle.settle_all()
    updated = await plane.call(
        "UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"), Publish=True
    )
    assert (updated["Version"], updated["FunctionArn"]) == ("2", f"{ARN}:2")
    await plane.lifecycle.settle_all()
    first = await plane.call("GetFunctionConfiguration", FunctionName="f:1")
    assert (first["CodeSha256"], first["FunctionArn"]) == (created["CodeSha256"], f"{ARN}:1")
    await plane.call("DeleteFunction", FunctionName="f")
    assert (await plane.create(Publish=True))["Version"] == "3"


async def test_publishing_what_was_not_changed_publishes_nothing_new(plane: ControlPlane) -> None:
    first = await plane.active(Publish=True)
    for _ in range(2):
        plane.clock.advance(60)
        same = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package(), Publish=True)
        assert (same["Version"], same["LastModified"]) == ("1", first["LastModified"])
        await plane.lifecycle.settle_all()
    await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    await plane.lifecycle.settle_all()
    changed = await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package(), Publish=True)
    assert (changed["Version"], changed["Timeout"]) == ("2", 9)


async def test_lists_are_paginated_without_gaps_and_without_states(plane: ControlPlane) -> None:
    names = [f"f{n:03d}" for n in range(7)]
    for name in reversed(names):
        await plane.create(name)
    found: list[str] = []
    marker: dict[str, Any] = {}
    while True:
        page = await plane.call("ListFunctions", MaxItems=3, **marker)
        found += [function["FunctionName"] for function in page["Functions"]]
        assert not {"State", "RuntimeVersionConfig", "LastUpdateStatus"} & page["Functions"][0].keys()
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == names


async def test_a_list_of_all_versions_has_qualified_arns(plane: ControlPlane) -> None:
    await plane.active(Publish=True)
    page = await plane.call("ListFunctions", FunctionVersion="ALL")
    assert [f["FunctionArn"] for f in page["Functions"]] == [f"{ARN}:$LATEST", f"{ARN}:1"]
    first = await plane.call("ListFunctions", FunctionVersion="ALL", MaxItems=1)
    second = await plane.call("ListFunctions", FunctionVersion="ALL", Marker=first["NextMarker"])
    assert [f["Version"] for f in second["Functions"]] == ["1"]
    assert await plane.call("ListFunctions", FunctionVersion="ALL", MasterRegion="ALL") == {"Functions": []}


@pytest.mark.parametrize(
    "marker", ["x", "é", "W10=", "WzEsMl0=", "bnVsbA==", "WyJhIiw5OTk5OTk5OTk5OTk5OTk5OTk5OV0="]
)
async def test_a_marker_of_ones_own_is_refused(plane: ControlPlane, marker: str) -> None:
    with pytest.raises(InvalidParameterValue, match="Marker"):
        await plane.call("ListFunctions", Marker=marker)


async def test_accounts_and_regions_are_apart(plane: ControlPlane) -> None:
    await plane.create()
    for other in (
        dataclasses.replace(plane.context, account="111111111111"),
        dataclasses.replace(plane.context, region="eu-west-1"),
    ):
        assert await plane.call("ListFunctions", context=other) == {"Functions": []}
        with pytest.raises(ResourceNotFound):
            await plane.call("GetFunction", context=other, FunctionName="f")


async def test_deletion_takes_the_function_or_one_version(plane: ControlPlane) -> None:
    await plane.active(Publish=True)
    for qualifier, text in (
        ("$LATEST", r"\$LATEST version cannot be deleted"),
        ("prod", "Deletion of aliases"),
    ):
        with pytest.raises(InvalidParameterValue, match=text):
            await plane.call("DeleteFunction", FunctionName="f", Qualifier=qualifier)
    for number in ("1", "1", "99999999999999999999"):
        answer = await plane.call("DeleteFunction", FunctionName="f", Qualifier=number)
        assert answer == {"StatusCode": 204}
    with pytest.raises(ResourceNotFound):
        await plane.call("GetFunction", FunctionName="f:1")
    assert await plane.call("DeleteFunction", FunctionName="f") == {"StatusCode": 204}
    with pytest.raises(ResourceNotFound):
        await plane.call("GetFunction", FunctionName="f")


async def test_tags_are_shown_where_there_are_any(plane: ControlPlane) -> None:
    await plane.create("tagged", Tags={"team": "a"})
    await plane.create("plain")
    assert (await plane.call("GetFunction", FunctionName="tagged"))["Tags"] == {"team": "a"}
    assert "Tags" not in await plane.call("GetFunction", FunctionName="plain")


async def test_the_code_location_leads_to_the_zip_for_ten_minutes(plane: ControlPlane) -> None:
    await plane.create()
    code = (await plane.call("GetFunction", FunctionName="f"))["Code"]
    assert code["RepositoryType"] == "S3"
    url = urlsplit(code["Location"])
    assert (url.scheme, url.netloc) == ("http", "127.0.0.1:4566")
    assert plane.locations.verify(url.path, url.query).read_bytes() == plane.package()
    for path, query in (
        (url.path.replace("/code/", "/code/../"), url.query),
        (url.path[:-1] + ("0" if url.path[-1] != "0" else "1"), url.query),
        (url.path, url.query.replace("Expires=1", "Expires=2")),
        (url.path, ""),
    ):
        with pytest.raises(AccessDenied):
            plane.locations.verify(path, query)
    plane.clock.advance(601)
    with pytest.raises(AccessDenied, match="expired"):
        plane.locations.verify(url.path, url.query)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"LogFormat": "JSON"},
            {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"},
        ),
        (
            {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
            {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "INFO"},
        ),
        ({"LogGroup": "cool"}, {"LogFormat": "Text", "LogGroup": "cool"}),
    ],
)
async def test_a_partial_logging_configuration_keeps_the_rest(
    plane: ControlPlane, change: dict[str, str], expected: dict[str, str]
) -> None:
    await plane.active()
    changed = await plane.call("UpdateFunctionConfiguration", FunctionName="f", LoggingConfig=change)
    assert changed["LoggingConfig"] == {"LogGroup": "/aws/lambda/f"} | expected
    await plane.lifecycle.settle_all()
    text = await plane.call(
        "UpdateFunctionConfiguration", FunctionName="f", LoggingConfig={"LogFormat": "Text"}
    )
    assert text["LoggingConfig"].keys() == {"LogFormat", "LogGroup"}


async def test_an_update_replaces_what_it_names_and_nothing_else(plane: ControlPlane) -> None:
    await plane.active(
        Environment={"Variables": {"A": "1", "B": "2"}},
        DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
        KMSKeyArn="arn:aws:kms:us-east-1:000000000000:key/k",
    )
    changed = await plane.call(
        "UpdateFunctionConfiguration",
        FunctionName="f",
        Environment={"Variables": {"C": "3"}},
        DeadLetterConfig={"TargetArn": ""},
        KMSKeyArn="",
        Runtime="python3.13",
    )
    assert changed["Environment"] == {"Variables": {"C": "3"}}
    assert not {"DeadLetterConfig", "KMSKeyArn"} & changed.keys()
    assert changed["Handler"] == "app.handler"
    before = (await plane.active("other"))["RuntimeVersionConfig"]
    assert changed["RuntimeVersionConfig"] != before


async def test_of_two_updates_at_once_one_wins(plane: ControlPlane) -> None:
    await plane.active()
    answers = await asyncio.gather(
        *(plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=n) for n in (10, 20)),
        return_exceptions=True,
    )
    lost = [a for a in answers if isinstance(a, BaseException)]
    won = [a for a in answers if isinstance(a, dict)]
    assert len(lost) == len(won) == 1
    assert isinstance(lost[0], ResourceConflict)
    assert lost[0].message.endswith(f"An update is in progress for resource: {ARN}")
    assert (await plane.call("GetFunctionConfiguration", FunctionName="f"))["Timeout"] == won[0]["Timeout"]


async def test_the_directory_follows_every_change(plane: ControlPlane) -> None:
    key = FunctionKey("000000000000", "us-east-1", "f")
    seen: list[str | None] = []

    def watch(changed: FunctionKey) -> None:
        found = plane.directory.lookup(changed)
        seen.append(None if found is None else found.generation)

    plane.directory.on_change(watch)
    await plane.active()
    first = await plane.directory.resolve(FunctionReference(key))
    assert (first.code_directory / "app.py").read_text().startswith("def handler")
    assert plane.directory.lookup(key) is first
    await plane.call("UpdateFunctionCode", FunctionName="f", ZipFile=plane.package("x = 1"))
    assert seen[-1] is None
    second = await plane.directory.resolve(FunctionReference(key))
    assert (second.code_directory / "app.py").read_text() == "x = 1"
    assert second.generation != first.generation
    await plane.call("DeleteFunction", FunctionName="f")
    with pytest.raises(ResourceNotFound):
        await plane.directory.resolve(FunctionReference(key))


async def test_an_operation_without_a_handler_is_answered_clearly(plane: ControlPlane) -> None:
    with pytest.raises(NotImplementedYet, match="StopDurableExecution"):
        await plane.call("StopDurableExecution")
