"""Versions and aliases: a release walked through with the AWS CLI, and what boto3 sees of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.cli import Cli
from tests.conformance.conftest import Deploy
from tests.conformance.functions import (
    DEFAULT_RUNTIME,
    ROLE,
    fresh_name,
    invoke,
)
from tests.conformance.node import ACCOUNT, REGION


def saying(word: str) -> str:
    return (
        "def handler(event, context):\n"
        f"    return [{word!r}, context.function_version, context.invoked_function_arn]\n"
    )


def arn(name: str, qualifier: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:{qualifier}"


class Story:
    """One function, spoken to as somebody at a terminal does."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.name = fresh_name("story")
        self.of = ("--function-name", self.name)

    def create(self) -> None:
        code = self.cli.package("1.zip", saying("one"))
        self.cli.ok(
            "create-function",
            *(*self.of, "--runtime", DEFAULT_RUNTIME, "--role", ROLE),
            *("--handler", "app.handler", "--zip-file", code),
        )
        self.cli.ok("wait", "function-active-v2", *self.of)

    def update(self, word: str) -> None:
        code = self.cli.package(f"{word}.zip", saying(word))
        self.cli.ok("update-function-code", *self.of, "--zip-file", code)
        self.cli.ok("wait", "function-updated-v2", *self.of)

    def publish(self) -> str:
        version: str = self.cli.ok("publish-version", *self.of)["Version"]
        return version

    def alias(self, command: str, name: str, version: str, *more: str) -> None:
        self.cli.ok(f"{command}-alias", *self.of, "--name", name, "--function-version", version, *more)

    def says(self, qualifier: str) -> tuple[Any, str]:
        """What an invocation through an alias answers, and the version that ran."""
        answer = self.cli.ok("invoke", *self.of, "--qualifier", qualifier, "answer.json")
        return self.cli.read("answer.json"), answer["ExecutedVersion"]


def test_a_release_goes_from_dev_to_stage_to_prod_and_back(cli: Cli, client: Any) -> None:
    story = Story(cli)
    name = story.name
    story.create()
    assert story.publish() == "1"
    assert story.publish() == "1"  # nothing was changed
    story.alias("create", "Dev", "$LATEST")
    story.alias("create", "Stage", "1")
    story.alias("create", "Prod", "1")

    story.update("two")
    assert story.says("Dev") == (["two", "$LATEST", arn(name, "Dev")], "$LATEST")
    assert story.says("Stage") == (["one", "1", arn(name, "Stage")], "1")
    assert story.publish() == "2"
    story.alias("update", "Stage", "2")
    assert story.says("Stage") == (["two", "2", arn(name, "Stage")], "2")
    assert story.says("Prod") == (["one", "1", arn(name, "Prod")], "1")

    story.alias("update", "Prod", "2")
    story.update("three")
    assert story.publish() == "3"
    story.alias("update", "Stage", "3")
    story.alias("update", "Prod", "2", "--routing-config", "AdditionalVersionWeights={3=0.1}")
    shown = cli.ok("get-alias", *story.of, "--name", "Prod")
    assert (shown["FunctionVersion"], shown["RoutingConfig"]) == (
        "2",
        {"AdditionalVersionWeights": {"3": 0.1}},
    )
    answers = [invoke(client, name, Qualifier="Prod") for _ in range(400)]
    assert {(answer.version, *answer.value) for answer in answers} == {
        ("2", "two", "2", arn(name, "Prod")),
        ("3", "three", "3", arn(name, "Prod")),
    }
    shares = Counter(answer.version for answer in answers)
    assert 10 <= shares["3"] <= 80  # 40 expected; outside once in ten million runs

    story.alias("update", "Prod", "2", "--routing-config", "AdditionalVersionWeights={}")  # rolled back
    assert {invoke(client, name, Qualifier="Prod").version for _ in range(40)} == {"2"}
    refused = cli.run("delete-function", *story.of, "--qualifier", "3")
    assert (
        "(ResourceConflictException) when calling the DeleteFunction operation: "
        "Unable to delete version because the following aliases reference it: [Stage]"
    ) in refused.stderr
    listed = cli.ok("list-aliases", *story.of)["Aliases"]
    assert {one["Name"]: one["FunctionVersion"] for one in listed} == {
        "Dev": "$LATEST",
        "Stage": "3",
        "Prod": "2",
    }
    cli.ok("delete-function", *story.of)
    gone = cli.run("invoke", *story.of, "--qualifier", "Prod", "answer.json")
    assert f"Function not found: {arn(name, 'Prod')}" in gone.stderr


def test_a_function_answers_to_a_version_or_alias_however_it_is_written(client: Any, deploy: Deploy) -> None:
    name = deploy(saying("one"))
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for qualifier in ("1", "live"):
        expected = ["one", "1", arn(name, qualifier)]
        assert invoke(client, name, Qualifier=qualifier).value == expected
        for spelled in (
            f"{name}:{qualifier}",
            f"{ACCOUNT}:function:{name}:{qualifier}",
            arn(name, qualifier),
        ):
            assert invoke(client, spelled).value == expected
            assert invoke(client, spelled, Qualifier=qualifier).value == expected
    with pytest.raises(ClientError) as caught:
        invoke(client, f"{name}:1", Qualifier="live")
    assert caught.value.response["Error"]["Message"] == (
        "The derived qualifier from the function name does not match the specified qualifier."
    )


def test_an_alias_and_its_version_share_warm_environments(client: Any, deploy: Deploy) -> None:
    name = deploy("import uuid\nID = uuid.uuid4().hex\ndef handler(event, context):\n    return ID\n")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    first = invoke(client, name, Qualifier="live")
    assert invoke(client, name, Qualifier="1").value == first.value
    assert invoke(client, name).value != first.value  # $LATEST has environments of its own
