"""Functions with layers: what is refused, what is merged, and how long a deleted layer version lives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.controlplane.conftest import CONTEXT
from tests.unit.controlplane.test_layer_operations import ARN, content, permit, publish

from ingle.controlplane import functionlayers
from ingle.model.errors import AccessDenied, InvalidParameterValue
from ingle.model.names import FunctionKey, FunctionReference
from ingle.store.code import GRACE_SECONDS

if TYPE_CHECKING:
    from tests.unit.controlplane.conftest import ControlPlane

F = FunctionReference(FunctionKey("000000000000", "us-east-1", "f"))


async def opt(plane: ControlPlane, reference: FunctionReference = F) -> dict[str, str]:
    """The files that a function sees at /opt."""
    directory = (await plane.directory.resolve(reference)).layers_directory
    assert directory is not None
    return {path.name: path.read_text() for path in directory.iterdir()}


async def layer(plane: ControlPlane, name: str, **files: str) -> str:
    """Publish a layer; the version's ARN."""
    published = await publish(plane, name, Content={"ZipFile": content(**files)})
    arn: str = published["LayerVersionArn"]
    return arn


async def test_a_function_shows_its_layers_with_their_sizes(plane: ControlPlane) -> None:
    arns = [await layer(plane, name, f=name) for name in ("x", "y")]
    expected = [{"Arn": arn, "CodeSize": len(content(f="x"))} for arn in arns]
    assert (await plane.create(Layers=arns))["Layers"] == expected
    await plane.lifecycle.settle_all()
    changed = await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=arns[::-1])
    assert changed["Layers"] == expected[::-1]
    await plane.lifecycle.settle_all()
    kept = await plane.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    assert kept["Layers"] == expected[::-1]
    await plane.lifecycle.settle_all()
    assert "Layers" not in await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=[])


async def test_layers_are_merged_in_order_before_the_function_is_active(plane: ControlPlane) -> None:
    arns = [await layer(plane, name, f=name, **{name: ""}) for name in ("x", "y")]
    await plane.active(Layers=arns)
    resolved = await plane.directory.resolve(F)
    assert await opt(plane) == {"f": "y", "x": "", "y": ""}
    await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=arns[::-1])
    await plane.lifecycle.settle_all()
    assert await opt(plane) == {"f": "x", "x": "", "y": ""}
    assert (await plane.directory.resolve(F)).generation != resolved.generation
    await plane.active("bare")
    bare = FunctionReference(FunctionKey("000000000000", "us-east-1", "bare"))
    assert (await plane.directory.resolve(bare)).layers_directory is None


async def test_the_same_layers_are_merged_once(plane: ControlPlane) -> None:
    arns = [await layer(plane, name, f=name) for name in ("x", "y")]
    directories = set()
    for name in ("f", "g"):
        await plane.active(name, Layers=arns)
        reference = FunctionReference(FunctionKey("000000000000", "us-east-1", name))
        directories.add((await plane.directory.resolve(reference)).layers_directory)
    assert len(directories) == 1


async def test_a_published_version_keeps_its_layers(plane: ControlPlane) -> None:
    arns = [await layer(plane, name, f=name) for name in ("x", "y")]
    await plane.active(Layers=arns[:1])
    await plane.call("PublishVersion", FunctionName="f")
    await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=arns[1:])
    await plane.lifecycle.settle_all()
    assert await opt(plane) == {"f": "y"}
    assert await opt(plane, FunctionReference(F.key, "1")) == {"f": "x"}


async def test_refusals_of_a_function_s_layers_in_aws_s_words(plane: ControlPlane) -> None:
    await plane.active()
    arns = [await layer(plane, "l") for _ in range(2)]
    six = [await layer(plane, f"l{n}") for n in range(6)]
    same = (
        "Two different versions of the same layer are not allowed to be referenced in the same function. "
        "{} and {} are versions of the same layer."
    )
    elsewhere = ARN.replace("us-east-1", "eu-west-1")
    for given, message in (
        (six, "Cannot reference more than 5 layers."),
        (arns, same.format(*arns)),
        ([arns[1], arns[1]], same.format(arns[1], arns[1])),
        ([f"{ARN}:9"], f"Layer version {ARN}:9 does not exist."),
        (
            [f"{elsewhere}:1"],
            "Layers are not in the same region as the function. "
            "Layers are expected to be in region us-east-1.",
        ),
    ):
        with pytest.raises(InvalidParameterValue) as caught:
            await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=given)
        assert caught.value.message == message
        with pytest.raises(InvalidParameterValue):
            await plane.create("g", Layers=given)
    configuration = await plane.call("GetFunctionConfiguration", FunctionName="f")
    assert "Layers" not in configuration
    assert configuration["LastUpdateStatus"] == "Successful"
    assert len((await plane.call("ListFunctions"))["Functions"]) == 1


async def test_another_account_s_layer_wants_a_policy(plane: ControlPlane) -> None:
    stranger = replace(CONTEXT, account="111111111111")
    arn = await layer(plane, "l")
    request: dict[str, Any] = {
        "FunctionName": "f",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::111111111111:role/r",
        "Code": {"ZipFile": plane.package()},
        "Layers": [arn],
    }
    with pytest.raises(AccessDenied) as caught:
        await plane.call("CreateFunction", context=stranger, **request)
    assert caught.value.message == (
        "User: arn:aws:iam::111111111111:root is not authorized to perform: lambda:GetLayerVersion on "
        f"resource: {arn} because no resource-based policy allows the lambda:GetLayerVersion action"
    )
    await permit(plane)
    assert (await plane.call("CreateFunction", context=stranger, **request))["Layers"][0]["Arn"] == arn


async def test_code_and_layers_together_have_a_limit(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = plane.package("pass #" + "x" * 94)
    arn = await layer(plane, "l", f="x" * 60)
    await plane.active(Code={"ZipFile": code}, Layers=[arn])
    monkeypatch.setattr(functionlayers, "CODE_SIZE_UNZIPPED", 159)
    message = (
        "Function code combined with layers exceeds the maximum allowed size of 159 bytes. "
        "The actual size is 160 bytes."
    )
    for operation, request in (
        ("UpdateFunctionConfiguration", {"Layers": [arn]}),
        ("UpdateFunctionCode", {"ZipFile": code}),
    ):
        with pytest.raises(InvalidParameterValue) as caught:
            await plane.call(operation, FunctionName="f", **request)
        assert caught.value.message == message
    monkeypatch.setattr(functionlayers, "CODE_SIZE_UNZIPPED", 59)
    with pytest.raises(InvalidParameterValue, match=r"Layers consume more .* size of 59 bytes"):
        await plane.call("UpdateFunctionConfiguration", FunctionName="f", Layers=[arn])


async def housekeeping(plane: ControlPlane) -> None:
    """What the lifecycle does every ten minutes, twice, so long apart that every grace is over."""
    for _ in range(2):
        await plane.lifecycle.tidy()
        plane.clock.advance(GRACE_SECONDS + 1)
    await plane.lifecycle.tidy()


async def test_a_deleted_layer_version_lives_as_long_as_a_function_has_it(plane: ControlPlane) -> None:
    first, second = [await layer(plane, name, f=name) for name in ("x", "y")]
    await plane.active(Layers=[first, second])
    merged = (await plane.directory.resolve(F)).layers_directory
    assert merged is not None
    for name in ("x", "y"):
        await plane.call("DeleteLayerVersion", LayerName=name, VersionNumber=1)
    await housekeeping(plane)
    assert await opt(plane) == {"f": "y"}
    zips = set(merged.parent.parent.glob("zips/*"))
    assert len(zips) == 3
    await plane.call("DeleteFunction", FunctionName="f")
    await housekeeping(plane)
    assert not list(merged.parent.parent.glob("zips/*"))
    assert not list(merged.parent.iterdir())


async def test_what_was_unpacked_and_merged_is_made_again_where_it_is_lost(plane: ControlPlane) -> None:
    arns = [await layer(plane, name, f=name) for name in ("x", "y")]
    await plane.active(Layers=arns)
    merged = (await plane.directory.resolve(F)).layers_directory
    assert merged is not None
    elsewhere = Path(merged.parent).with_name("lost")
    merged.parent.rename(elsewhere)
    merged.parent.mkdir()
    plane.functions.changed(F.key)
    assert await opt(plane) == {"f": "y"}
