"""The issue's tour with the unmodified AWS CLI, in processes of its own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.functions import DEFAULT_RUNTIME, ECHO, ROLE, fresh_name, zipped
from tests.conformance.node import REGION, Node, environment

AWS = str(Path(sys.executable).parent / "aws")


class Cli:
    """`aws lambda ...` against a node."""

    def __init__(self, node: Node, home: Path) -> None:
        self._environment = environment(
            AWS_ENDPOINT_URL=node.endpoint,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION=REGION,
            AWS_PAGER="",
            HOME=str(home),
        )
        self._home = home

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [AWS, "lambda", *arguments],
            env=self._environment,
            cwd=self._home,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def ok(self, *arguments: str) -> Any:
        """Run a command that must succeed; what it printed, as JSON."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def package(self, name: str, source: str) -> str:
        """A zip with that source, as the CLI takes it."""
        (self._home / name).write_bytes(zipped(source))
        return f"fileb://{name}"

    def read(self, name: str) -> Any:
        return json.loads((self._home / name).read_text())


@pytest.fixture
def cli(node: Node, tmp_path: Path) -> Cli:
    return Cli(node, tmp_path)


def test_the_cli_creates_waits_invokes_updates_and_deletes(cli: Cli) -> None:
    name = fresh_name("cli")
    code = cli.package(
        "one.zip", "def handler(event, context):\n    print('seen', event)\n    return 'one'\n"
    )
    created = cli.ok(
        "create-function",
        *("--function-name", name, "--runtime", DEFAULT_RUNTIME, "--role", ROLE),
        *("--handler", "app.handler", "--zip-file", code),
    )
    assert created["State"] == "Pending"
    cli.ok("wait", "function-active", "--function-name", name)

    invoke = ("invoke", "--function-name", name)
    answer = cli.ok(*invoke, "--log-type", "Tail", "--payload", '{"n":7}', "one.json")
    assert (answer["StatusCode"], cli.read("one.json")) == (200, "one")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "seen {'n': 7}" in log
    assert "REPORT RequestId: " in log

    newer = cli.package("two.zip", "def handler(event, context):\n    return 'two'\n")
    cli.ok("update-function-code", "--function-name", name, "--zip-file", newer)
    cli.ok("wait", "function-updated", "--function-name", name)
    cli.ok(*invoke, "two.json")
    assert cli.read("two.json") == "two"

    cli.ok("delete-function", "--function-name", name)
    gone = cli.run(*invoke, "gone.json")
    assert gone.returncode != 0
    assert (
        "(ResourceNotFoundException) when calling the Invoke operation: Function not found: " in gone.stderr
    )


def test_the_cli_shows_a_refusal_as_with_aws(cli: Cli) -> None:
    refused = cli.run(
        "create-function",
        *("--function-name", "two words", "--runtime", DEFAULT_RUNTIME, "--role", ROLE),
        *("--handler", "app.handler", "--zip-file", cli.package("one.zip", ECHO)),
    )
    assert refused.returncode != 0
    assert (
        "An error occurred (ValidationException) when calling the CreateFunction operation: "
        "1 validation error detected: Value 'two words' at 'functionName'"
    ) in refused.stderr
