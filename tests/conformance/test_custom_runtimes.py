"""Functions that bring their own runtime, through unmodified boto3, in real sandboxes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.conformance.bootstraps import deploy_package, package, shell
from tests.conformance.functions import invoke
from tests.conformance.missing import missing

DeployPackage = Callable[..., str]


@pytest.fixture
def deploy(client: Any) -> Iterator[DeployPackage]:
    """`deploy_package` on the node, undone after the test."""
    if shutil.which("curl") is None:
        missing("curl, which the functions of these tests use")
    names: list[str] = []

    def deploy(content: bytes, **configuration: Any) -> str:
        names.append(deploy_package(client, content, **configuration))
        return names[-1]

    yield deploy
    for name in names:
        client.delete_function(FunctionName=name)


def test_a_shell_script_is_a_runtime(client: Any, deploy: DeployPackage) -> None:
    name = deploy(shell())
    for number in range(3):
        answer = invoke(client, name, {"n": number})
        assert (answer.value, answer.error) == ({"echo": {"n": number}}, None)
    assert "INIT_START" not in answer.log
    assert "REPORT RequestId:" in answer.log


def test_what_it_prints_is_its_log_and_init_is_reported(client: Any, deploy: DeployPackage) -> None:
    handle = 'echo "got $event"; curl -sS "$api/invocation/$id/response" -d 1 >/dev/null'
    name = deploy(shell(handle, init="echo starting"))
    log = invoke(client, name, "x").log
    lines = log.splitlines()
    assert lines[0].startswith("INIT_START Runtime Version: provided:al2023")
    assert lines[1] == "starting"
    assert 'got "x"' in lines
    assert "Init Duration: " in lines[-1]


def test_its_environment_is_lambdas(client: Any, deploy: DeployPackage) -> None:
    handle = (
        'curl -sS "$api/invocation/$id/response" -d "\\"$_HANDLER $LAMBDA_TASK_ROOT $PWD $MINE '
        '$AWS_LAMBDA_RUNTIME_API ${AWS_EXECUTION_ENV-none}\\"" >/dev/null'
    )
    name = deploy(shell(handle), Environment={"Variables": {"MINE": "own"}})
    value = invoke(client, name).value
    assert value == "app.handler /var/task /var/task own 127.0.0.1:9001 none"


def test_an_error_that_it_reports_is_the_answer(client: Any, deploy: DeployPackage) -> None:
    handle = (
        'curl -sS "$api/invocation/$id/error" -H "Lambda-Runtime-Function-Error-Type: Function.Bad" '
        '-d \'{"errorType":"Bad","errorMessage":"no"}\' >/dev/null'
    )
    answer = invoke(client, deploy(shell(handle)))
    assert (answer.value, answer.error) == ({"errorType": "Bad", "errorMessage": "no"}, "Unhandled")


def test_an_error_in_init_is_the_answer(client: Any, deploy: DeployPackage) -> None:
    init = """curl -sS "$api/init/error" -d '{"errorType":"Runtime.Early","errorMessage":"no"}'; exit 1"""
    answer = invoke(client, deploy(shell(init=init)))
    assert (answer.value["errorType"], answer.error) == ("Runtime.Early", "Unhandled")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            package({"other": b"#!/bin/sh\n"}),
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
        ),
        (package({"bootstrap": b"#!/bin/sh\n"}, 0o644), "fork/exec /var/task/bootstrap: permission denied"),
        (package({"bootstrap": b"no program\n"}), "fork/exec /var/task/bootstrap: exec format error"),
        (
            package({"bootstrap": b"#!/opt/nothing\n"}),
            "fork/exec /var/task/bootstrap: no such file or directory",
        ),
    ],
    ids=["none", "not executable", "no program", "no interpreter"],
)
def test_a_bootstrap_that_cannot_run(client: Any, deploy: DeployPackage, content: bytes, text: str) -> None:
    name = deploy(content)
    for _ in range(2):  # and the environment can be used again
        answer = invoke(client, name)
        assert answer.error == "Unhandled"
        assert answer.value["errorType"] == "Runtime.InvalidEntrypoint"
        assert answer.value["errorMessage"].endswith(f" Error: {text}")


def test_an_end_in_init_and_an_end_in_an_invocation(client: Any, deploy: DeployPackage) -> None:
    early = invoke(client, deploy(shell(init="exit 3"))).value
    assert early["errorType"] == "Runtime.ExitError"
    assert early["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    name = deploy(shell('[ "$event" = 1 ] && exit 4; curl -sS "$api/invocation/$id/response" -d 2'))
    late = invoke(client, name, 1).value
    assert late["errorMessage"].endswith("Error: Runtime exited with error: exit status 4")
    assert invoke(client, name, 2).value == 2


def test_a_timeout_kills_it_and_the_next_invocation_works(client: Any, deploy: DeployPackage) -> None:
    handle = '[ "$event" = 1 ] && sleep 60; curl -sS "$api/invocation/$id/response" -d 2'
    name = deploy(shell(handle), Timeout=1)
    assert invoke(client, name, 1).value["errorType"] == "Sandbox.Timedout"
    assert invoke(client, name, 2).value == 2


def test_a_bootstrap_in_a_layer_serves_functions_without_one(client: Any, deploy: DeployPackage) -> None:
    layer = client.publish_layer_version(LayerName="own-runtime", Content={"ZipFile": shell()})
    try:
        name = deploy(package({"app.txt": b"x"}), Layers=[layer["LayerVersionArn"]])
        assert invoke(client, name, 7).value == {"echo": 7}
    finally:
        client.delete_layer_version(LayerName="own-runtime", VersionNumber=layer["Version"])


def test_an_internal_extension_is_told_of_invocations(client: Any, deploy: DeployPackage) -> None:
    extension = """
(
  ext="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
  id=$(curl -sS -D - "$ext/register" -H 'Lambda-Extension-Name: own' -d '{"events":["INVOKE"]}' -o /dev/null |
    grep -Fi lambda-extension-identifier | tr -d '[:space:]' | cut -d: -f2)
  touch /tmp/registered
  while true; do
    curl -sS "$ext/event/next" -H "Lambda-Extension-Identifier: $id" >>/tmp/told
    echo >>/tmp/told
  done
) &
while [ ! -e /tmp/registered ]; do sleep 0.01; done
"""
    handle = """
  while [ "$(grep -c INVOKE /tmp/told)" -lt "$event" ]; do sleep 0.01; done
  curl -sS "$api/invocation/$id/response" -d "$(tail -1 /tmp/told)" >/dev/null
"""
    name = deploy(shell(handle, init=extension))
    for number in (1, 2):
        told = invoke(client, name, number).value
        assert told["eventType"] == "INVOKE"
        assert told["invokedFunctionArn"].endswith(name)
    assert json.dumps(told["tracing"]).startswith('{"type": "X-Amzn-Trace-Id"')
