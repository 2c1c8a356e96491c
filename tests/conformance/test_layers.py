"""Layers with unmodified boto3: published, listed, deleted, and really there at /opt."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import tempfile
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.functions import (
    DEFAULT_RUNTIME,
    create,
    fresh_name,
    invoke,
    wait_active,
    wait_updated,
    zipped,
)
from tests.conformance.functions import deploy as deploy_function
from tests.conformance.node import ACCOUNT, REGION, Node
from tests.support.libraries import some_library

Files = Mapping[str, str | bytes]
Publish = Callable[..., dict[str, Any]]

SAYS = "#!/bin/sh\necho said by a layer\n"

# What a function sees of its layers, each in the way in which it is meant to be used.
LOOK = """
import os, subprocess, sys
def handler(event, context):
    found = {}
    try:
        import greeting
        found["greeting"] = [greeting.WORD, greeting.__file__]
    except ImportError:
        pass
    try:
        import installed
        found["installed"] = installed.__file__
    except ImportError:
        pass
    if os.path.exists("/opt/bin/says"):
        found["says"] = subprocess.run(["says"], capture_output=True, text=True).stdout
    found["files"] = sorted(os.path.join(r, f) for r, _, fs in os.walk("/opt") for f in fs)
    try:
        open("/opt/mine", "w")
    except OSError as error:
        found["write"] = error.errno
    return found
"""


def layer_zip(files: Files) -> bytes:
    """A layer's content; what lies in bin/ is executable."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (0o755 if name.startswith("bin/") else 0o644) << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def client_of(node: Node, account: str) -> Any:
    """boto3 of another account: twelve digits as access key id select it."""
    return boto3.client(
        "lambda",
        endpoint_url=node.endpoint,
        region_name=REGION,
        aws_access_key_id=account,
        aws_secret_access_key="test",
    )


@pytest.fixture
def publish(client: Any) -> Iterator[Publish]:
    """PublishLayerVersion from files, undone after the test."""
    published: list[tuple[str, int]] = []

    def publish(name: str, files: Files, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = client.publish_layer_version(
            LayerName=name, Content={"ZipFile": layer_zip(files)}, **request
        )
        published.append((name, answer["Version"]))
        return answer

    yield publish
    for name, version in published:
        with contextlib.suppress(ClientError):
            client.delete_layer_version(LayerName=name, VersionNumber=version)


def test_a_python_layer_a_command_and_a_file_are_used_as_in_lambda(
    client: Any, deploy: Deploy, publish: Publish
) -> None:
    packages = f"python/lib/{DEFAULT_RUNTIME}/site-packages"
    layer = publish(
        fresh_name("layer"),
        {
            "python/greeting.py": "WORD = 'hello'\n",
            f"{packages}/installed/__init__.py": "",
            "bin/says": SAYS,
            "lib/library.txt": "",
        },
    )
    name = deploy(LOOK, Layers=[layer["LayerVersionArn"]], Timeout=30)
    seen = invoke(client, name).value
    assert seen["greeting"] == ["hello", "/opt/python/greeting.py"]
    assert seen["installed"] == f"/opt/{packages}/installed/__init__.py"
    assert seen["says"] == "said by a layer\n"
    assert "/opt/lib/library.txt" in seen["files"]
    assert "write" in seen
    configuration = client.get_function_configuration(FunctionName=name)
    assert configuration["Layers"] == [
        {"Arn": layer["LayerVersionArn"], "CodeSize": layer["Content"]["CodeSize"]}
    ]


def test_libraries_of_a_layer_are_found_by_their_names(client: Any, deploy: Deploy, publish: Publish) -> None:
    layer = publish(fresh_name("layer"), {"lib/libof-a-layer.so.1": some_library().read_bytes()})
    name = deploy(
        "import ctypes\ndef handler(event, context):\n    return ctypes.CDLL('libof-a-layer.so.1')._name\n",
        Layers=[layer["LayerVersionArn"]],
    )
    assert invoke(client, name).value == "libof-a-layer.so.1"
    assert "INIT_START" not in invoke(client, name).log


def test_layers_work_where_nothing_can_be_mounted() -> None:
    with tempfile.TemporaryDirectory(prefix="ingle-test-") as path:
        Path(path).chmod(0o755)
        node = Node(Path(path) / "data", "--isolation", "process")
        try:
            client = node.client()
            content = layer_zip({"python/greeting.py": "WORD = 'hello'\n", "bin/says": SAYS})
            layer = client.publish_layer_version(LayerName="layer", Content={"ZipFile": content})
            source = LOOK.replace('os.path.exists("/opt/bin/says")', "True")
            name = deploy_function(client, source, Layers=[layer["LayerVersionArn"]])
            seen = invoke(client, name).value
            assert (seen["greeting"][0], seen["says"]) == ("hello", "said by a layer\n")
        finally:
            node.terminate()


def test_layers_and_functions_that_have_them_survive_kill_9(tmp_path: Path) -> None:
    node = Node(tmp_path / "data")
    try:
        client = node.client()
        arns = [
            client.publish_layer_version(
                LayerName=word, Content={"ZipFile": layer_zip({"python/greeting.py": f"WORD = '{word}'\n"})}
            )["LayerVersionArn"]
            for word in ("first", "second")
        ]
        create(client, "f", zipped(LOOK), Layers=arns)
        client.add_permission(
            FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
        )
        policy = client.get_policy(FunctionName="f")
        client.delete_layer_version(LayerName="second", VersionNumber=1)
    finally:
        node.kill()
    node = Node(tmp_path / "data")
    try:
        client = node.client()
        wait_active(client, "f")
        assert invoke(client, "f").value["greeting"][0] == "second"
        assert [layer["LayerName"] for layer in client.list_layers()["Layers"]] == ["first"]
        again = client.get_policy(FunctionName="f")
        assert (again["Policy"], again["RevisionId"]) == (policy["Policy"], policy["RevisionId"])
    finally:
        assert node.terminate() == 0


def test_later_layers_lie_over_earlier_ones(client: Any, deploy: Deploy, publish: Publish) -> None:
    arns = [
        publish(fresh_name("layer"), {"python/greeting.py": f"WORD = '{word}'\n", f"only-{word}": ""})[
            "LayerVersionArn"
        ]
        for word in ("first", "second", "third")
    ]
    name = deploy(LOOK, Layers=arns)
    seen = invoke(client, name).value
    assert seen["greeting"][0] == "third"
    assert [file for file in seen["files"] if "only" in file] == [
        "/opt/only-first",
        "/opt/only-second",
        "/opt/only-third",
    ]
    client.update_function_configuration(FunctionName=name, Layers=list(reversed(arns)))
    wait_updated(client, name)
    assert invoke(client, name).value["greeting"][0] == "first"
    client.update_function_configuration(FunctionName=name, Layers=[])
    wait_updated(client, name)
    assert invoke(client, name).value["files"] == []
    assert "Layers" not in client.get_function_configuration(FunctionName=name)


def test_a_deleted_layer_version_goes_on_working_for_functions_that_have_it(
    client: Any, deploy: Deploy, publish: Publish
) -> None:
    layer_name = fresh_name("layer")
    layer = publish(layer_name, {"python/greeting.py": "WORD = 'still here'\n"})
    name = deploy(LOOK, Layers=[layer["LayerVersionArn"]])
    client.delete_layer_version(LayerName=layer_name, VersionNumber=1)
    assert invoke(client, name).value["greeting"][0] == "still here"
    client.update_function_configuration(FunctionName=name, MemorySize=256)
    wait_updated(client, name)
    assert invoke(client, name).value["greeting"][0] == "still here"
    assert client.list_layer_versions(LayerName=layer_name)["LayerVersions"] == []
    with pytest.raises(client.exceptions.InvalidParameterValueException) as caught:
        create(client, fresh_name(), zipped(LOOK), Layers=[layer["LayerVersionArn"]])
    arn = layer["LayerVersionArn"]
    assert caught.value.response["Error"]["Message"] == f"Layer version {arn} does not exist."
    again = publish(layer_name, {"python/greeting.py": "WORD = 'new'\n"})
    assert again["Version"] == 2


def test_the_story_of_a_layer(client: Any, publish: Publish) -> None:
    name = fresh_name("layer")
    files = {"data.txt": "content"}
    first = publish(
        name,
        files,
        Description="first",
        LicenseInfo="MIT",
        CompatibleRuntimes=["python3.12", "python3.11"],
        CompatibleArchitectures=["x86_64"],
    )
    content = layer_zip(files)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}"
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (first["LayerArn"], first["LayerVersionArn"], first["Version"]) == (arn, f"{arn}:1", 1)
    assert first["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    with urllib.request.urlopen(first["Content"]["Location"], timeout=10) as answer:
        assert answer.read() == content
    second = publish(name, files)
    assert "CompatibleRuntimes" not in second
    shown = client.get_layer_version(LayerName=name, VersionNumber=1)
    by_arn = client.get_layer_version_by_arn(Arn=f"{arn}:1")
    for answer in (shown, by_arn):
        assert (answer["Description"], answer["LicenseInfo"]) == ("first", "MIT")
        assert answer["CompatibleRuntimes"] == ["python3.12", "python3.11"]
    listed = client.list_layer_versions(LayerName=arn)["LayerVersions"]
    assert [version["Version"] for version in listed] == [2, 1]
    (only,) = client.list_layer_versions(LayerName=name, CompatibleRuntime="python3.11")["LayerVersions"]
    assert only["LayerVersionArn"] == f"{arn}:1"
    newest = {
        layer["LayerName"]: layer["LatestMatchingVersion"]["Version"]
        for page in client.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 1})
        for layer in page["Layers"]
    }
    assert newest[name] == 2
    fitting = client.list_layers(CompatibleRuntime="python3.12", CompatibleArchitecture="x86_64")["Layers"]
    assert [layer["LatestMatchingVersion"]["Version"] for layer in fitting if layer["LayerName"] == name] == [
        1
    ]


def test_the_policy_of_a_layer_version(client: Any, publish: Publish) -> None:
    name = fresh_name("layer")
    arn = publish(name, {"f": ""})["LayerVersionArn"]
    added = client.add_layer_version_permission(
        LayerName=name,
        VersionNumber=1,
        StatementId="all",
        Action="lambda:GetLayerVersion",
        Principal="*",
        OrganizationId="o-1234567890",
    )
    statement = (
        '{"Sid":"all","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",'
        f'"Resource":"{arn}","Condition":{{"StringEquals":{{"aws:PrincipalOrgID":"o-1234567890"}}}}}}'
    )
    assert added["Statement"] == statement
    policy = client.get_layer_version_policy(LayerName=name, VersionNumber=1)
    assert policy["Policy"] == f'{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}'
    assert policy["RevisionId"] == added["RevisionId"]
    client.remove_layer_version_permission(
        LayerName=name, VersionNumber=1, StatementId="all", RevisionId=policy["RevisionId"]
    )
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_layer_version_policy(LayerName=name, VersionNumber=1)
    assert caught.value.response["Error"]["Message"] == "No policy is associated with the given resource."


def test_layers_of_another_account_want_a_policy(node: Node, client: Any, publish: Publish) -> None:
    name = fresh_name("layer")
    arn = publish(name, {"f": ""})["LayerVersionArn"]
    stranger = client_of(node, "111111111111")
    with pytest.raises(ClientError) as caught:
        stranger.get_layer_version_by_arn(Arn=arn)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    client.add_layer_version_permission(
        LayerName=name,
        VersionNumber=1,
        StatementId=f"s-{uuid.uuid4().hex[:8]}",
        Action="lambda:GetLayerVersion",
        Principal="111111111111",
    )
    assert stranger.get_layer_version_by_arn(Arn=arn)["Version"] == 1


def test_refusals_of_layers_in_aws_s_words(client: Any, loose_client: Any, publish: Publish) -> None:
    name = fresh_name("layer")
    publish(name, {"f": ""})
    calls: list[tuple[Callable[[], Any], str, str]] = [
        (
            lambda: client.get_layer_version(LayerName=name, VersionNumber=0),
            "InvalidParameterValueException",
            "Layer Version Cannot be less than 1",
        ),
        (
            lambda: client.delete_layer_version(LayerName=name, VersionNumber=-1),
            "InvalidParameterValueException",
            "Layer Version Cannot be less than 1",
        ),
        (
            lambda: client.get_layer_version(LayerName=name, VersionNumber=2),
            "ResourceNotFoundException",
            "The resource you requested does not exist.",
        ),
        (
            lambda: client.publish_layer_version(LayerName=name, Content={"ZipFile": b"no zip"}),
            "InvalidParameterValueException",
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            lambda: client.list_layers(CompatibleArchitecture="arm"),
            "ValidationException",
            "1 validation error detected: Value 'arm' at 'compatibleArchitecture' failed to satisfy "
            "constraint: Member must satisfy enum value set: [x86_64, arm64]",
        ),
        (
            lambda: loose_client.add_layer_version_permission(
                LayerName=name, VersionNumber=1, StatementId="s", Action="*", Principal="*"
            ),
            "ValidationException",
            "1 validation error detected: Value '*' at 'action' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: lambda:GetLayerVersion",
        ),
    ]
    for call, code, message in calls:
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"] == {"Code": code, "Message": message}
    client.delete_layer_version(LayerName="never-there", VersionNumber=1)
