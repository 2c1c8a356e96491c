"""Settings of asynchronous invocation answer as AWS does, for functions, versions and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ingle.model.errors import CallerError, InvalidParameterValue, ResourceNotFound

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

ACCOUNT, REGION = "000000000000", "us-east-1"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
OTHER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:g"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/"
NOTHING: dict[str, Any] = {"OnSuccess": {}, "OnFailure": {}}


@pytest.fixture(autouse=True)
async def _functions(plane: ControlPlane) -> None:
    """Functions `f`, with version 1 and alias `live`, and `g`."""
    await plane.active("f", Publish=True)
    await plane.active("g")
    await plane.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")


async def put(plane: ControlPlane, **request: Any) -> dict[str, Any]:
    return await plane.call("PutFunctionEventInvokeConfig", **{"FunctionName": "f", **request})


async def test_what_is_put_replaces_everything_and_is_read_back(plane: ControlPlane) -> None:
    await put(plane, MaximumEventAgeInSeconds=60, DestinationConfig={"OnSuccess": {"Destination": QUEUE}})
    plane.clock.advance(1.25)
    answer = await put(plane, MaximumRetryAttempts=0)
    assert answer == {
        "FunctionArn": f"{ARN}:$LATEST",
        "LastModified": 1_767_225_601.25,
        "DestinationConfig": NOTHING,
        "MaximumRetryAttempts": 0,
    }
    assert await plane.call("GetFunctionEventInvokeConfig", FunctionName="f") == answer
    assert await plane.call("GetFunctionEventInvokeConfig", FunctionName="f:$LATEST") == answer


async def test_an_update_keeps_what_it_does_not_name(plane: ControlPlane) -> None:
    both = {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": OTHER}}
    await put(plane, MaximumRetryAttempts=1, DestinationConfig=both)

    async def update(**request: Any) -> dict[str, Any]:
        return await plane.call("UpdateFunctionEventInvokeConfig", FunctionName="f", **request)

    changed = await update(MaximumEventAgeInSeconds=21_600)
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (1, 21_600)
    assert changed["DestinationConfig"] == both
    changed = await update(DestinationConfig={"OnSuccess": {"Destination": ""}})
    assert changed["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": OTHER}}
    assert await plane.call("GetFunctionEventInvokeConfig", FunctionName="f") == changed


@pytest.mark.parametrize(
    "named", [{"Qualifier": "live"}, {"FunctionName": "f:live"}, {"FunctionName": ARN + ":live"}]
)
async def test_a_qualifier_has_settings_of_its_own(plane: ControlPlane, named: dict[str, str]) -> None:
    assert (await put(plane, MaximumRetryAttempts=1, **named))["FunctionArn"] == ARN + ":live"
    await put(plane, MaximumRetryAttempts=2, Qualifier="1")
    with pytest.raises(ResourceNotFound):
        await plane.call("GetFunctionEventInvokeConfig", FunctionName="f")
    listed = await plane.call("ListFunctionEventInvokeConfigs", FunctionName="f")
    found = [(c["FunctionArn"], c["MaximumRetryAttempts"]) for c in listed["FunctionEventInvokeConfigs"]]
    assert found == [(ARN + ":1", 2), (ARN + ":live", 1)]


async def test_settings_are_listed_page_by_page(plane: ControlPlane) -> None:
    for qualifier in ("$LATEST", "1", "live"):
        await put(plane, MaximumRetryAttempts=1, Qualifier=qualifier)
    arns: list[str] = []
    marker: dict[str, Any] = {}
    while True:
        page = await plane.call("ListFunctionEventInvokeConfigs", FunctionName="f", MaxItems=1, **marker)
        arns += [config["FunctionArn"] for config in page["FunctionEventInvokeConfigs"]]
        if "NextMarker" not in page:
            break
        marker = {"Marker": page["NextMarker"]}
    assert arns == [f"{ARN}:{qualifier}" for qualifier in ("$LATEST", "1", "live")]


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        (
            {"FunctionName": "missing"},
            InvalidParameterValue,
            "You must specify at least one of error handling or destination setting.",
        ),
        (
            {"FunctionName": "missing", "MaximumRetryAttempts": 1},
            ResourceNotFound,
            "The function doesn't exist.",
        ),
        ({"Qualifier": "nobody", "MaximumRetryAttempts": 1}, ResourceNotFound, "The function doesn't exist."),
        ({"Qualifier": "7", "MaximumRetryAttempts": 1}, ResourceNotFound, "The function doesn't exist."),
        (
            {"FunctionName": "f:1", "Qualifier": "live", "MaximumRetryAttempts": 1},
            InvalidParameterValue,
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
        *(
            ({"DestinationConfig": {side: {"Destination": arn}}}, InvalidParameterValue, text)
            for side, arn, text in (
                ("OnSuccess", ARN, "You can't specify the function as a destination for itself."),
                ("OnFailure", ARN + ":live", "You can't specify the function as a destination for itself."),
                ("OnSuccess", OTHER + "1", f"The destination ARN {OTHER}1 is invalid."),
                ("OnSuccess", OTHER + ":9", f"The destination ARN {OTHER}:9 is invalid."),
                ("OnFailure", QUEUE + ".fifo", f"The destination ARN {QUEUE}.fifo is invalid."),
                (
                    "OnFailure",
                    f"{BUS}aws.partner/example.com/1",
                    f"The destination ARN {BUS}aws.partner/example.com/1 is invalid.",
                ),
                (
                    "OnSuccess",
                    f"arn:aws:iam::{ACCOUNT}:role/r",
                    "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
                    f"arn:aws:iam::{ACCOUNT}:role/r), onFailure=null) is invalid.",
                ),
                (
                    "OnSuccess",
                    "arn:aws:s3:::bucket",
                    "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
                    "arn:aws:s3:::bucket), onFailure=null) is invalid.",
                ),
            )
        ),
    ],
)
async def test_a_refused_request_changes_nothing(
    plane: ControlPlane, request_: dict[str, Any], error: type[CallerError], text: str
) -> None:
    for put_or_update in ("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"):
        with pytest.raises(error) as caught:
            await plane.call(put_or_update, **{"FunctionName": "f", **request_})
        assert caught.value.message == text
    listed = await plane.call("ListFunctionEventInvokeConfigs", FunctionName="f")
    assert listed == {"FunctionEventInvokeConfigs": []}


@pytest.mark.parametrize("arn", [OTHER, OTHER + ":$LATEST", QUEUE, BUS + "default", "arn:aws:s3:::bucket"])
async def test_what_takes_records_is_a_destination(plane: ControlPlane, arn: str) -> None:
    answer = await put(plane, DestinationConfig={"OnFailure": {"Destination": arn}})
    assert answer["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": arn}}


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        ("GetFunctionEventInvokeConfig", {}, f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig"),
        (
            "GetFunctionEventInvokeConfig",
            {"FunctionName": "missing"},
            f"The function {ARN[:-1]}missing:$LATEST doesn't have an EventInvokeConfig",
        ),
        (
            "UpdateFunctionEventInvokeConfig",
            {"Qualifier": "live", "MaximumRetryAttempts": 1},
            f"The function {ARN}:live doesn't have an EventInvokeConfig",
        ),
        (
            "DeleteFunctionEventInvokeConfig",
            {"Qualifier": "nobody"},
            f"The function {ARN}:nobody doesn't have an EventInvokeConfig",
        ),
        ("ListFunctionEventInvokeConfigs", {"FunctionName": "missing"}, "The function doesn't exist."),
    ],
)
async def test_what_is_not_there_is_not_found(
    plane: ControlPlane, operation: str, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        await plane.call(operation, **{"FunctionName": "f", **request_})
    assert caught.value.message == text


async def test_settings_are_deleted_by_name_and_with_what_they_belong_to(plane: ControlPlane) -> None:
    for qualifier in ("$LATEST", "1", "live"):
        await put(plane, MaximumRetryAttempts=1, Qualifier=qualifier)

    async def qualifiers() -> list[str]:
        listed = await plane.call("ListFunctionEventInvokeConfigs", FunctionName="f")
        return [config["FunctionArn"].rpartition(":")[2] for config in listed["FunctionEventInvokeConfigs"]]

    await plane.call("DeleteFunctionEventInvokeConfig", FunctionName="f")
    assert await qualifiers() == ["1", "live"]
    await plane.call("DeleteAlias", FunctionName="f", Name="live")
    assert await qualifiers() == ["1"]
    await plane.call("DeleteFunction", FunctionName="f", Qualifier="1")
    assert await qualifiers() == []
    await put(plane, MaximumRetryAttempts=1)
    await plane.call("DeleteFunction", FunctionName="f")
    await plane.active("f")
    assert await qualifiers() == []
