"""A tour with the unmodified AWS CLI."""

from __future__ import annotations

import base64

from tests.conformance.cli import Cli
from tests.conformance.functions import DEFAULT_RUNTIME, ECHO, ROLE, fresh_name


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
