"""External extensions from layers, beside a custom runtime: order, events, the end, and their faults."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.conformance.bootstraps import deploy_package, package, shell
from tests.conformance.functions import fresh_name, invoke
from tests.conformance.missing import missing

# What an extension in shell needs: `id`, and the URL of the API.
EXTENSION = """#!/bin/sh
echo "$(basename "$0") starts"
ext="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
id=$(curl -sS -D - "$ext/register" -H "Lambda-Extension-Name: $(basename "$0")" \
  -d '{"events":["INVOKE","SHUTDOWN"]}' -o /dev/null |
  grep -Fi lambda-extension-identifier | tr -d '[:space:]' | cut -d: -f2)
next() { curl -sS "$ext/event/next" -H "Lambda-Extension-Identifier: $id"; }
"""

Deploy = Callable[..., str]


@pytest.fixture
def deploy(client: Any) -> Iterator[Deploy]:
    """Deploy a custom runtime with a layer of extensions, by name; undone after the test."""
    if shutil.which("curl") is None:
        missing("curl, which the functions of these tests use")
    functions: list[str] = []
    layers: list[tuple[str, int]] = []

    def deploy(extensions: dict[str, str], content: bytes | None = None, **configuration: Any) -> str:
        layer = fresh_name("extensions")
        files = {f"extensions/{name}": (EXTENSION + text).encode() for name, text in extensions.items()}
        made = client.publish_layer_version(LayerName=layer, Content={"ZipFile": package(files)})
        layers.append((layer, made["Version"]))
        arns = [made["LayerVersionArn"]]
        functions.append(deploy_package(client, content or shell(), Layers=arns, **configuration))
        return functions[-1]

    yield deploy
    for name in functions:
        client.delete_function(FunctionName=name)
    for name, version in layers:
        client.delete_layer_version(LayerName=name, VersionNumber=version)


def test_an_extension_starts_before_the_runtime_and_hears_of_each_invocation(
    client: Any, deploy: Deploy
) -> None:
    text = 'while event=$(next); do echo "agent heard $event"; done\n'
    name = deploy({"one": text, "it's two": text}, shell(init="echo runtime is up"))
    log = invoke(client, name, 1).log
    assert log.index("one starts") < log.index("runtime is up")
    assert log.index("it's two starts") < log.index("runtime is up")
    assert log.count('agent heard {"eventType":"INVOKE"') == 2
    again = invoke(client, name, 2)
    assert again.value == {"echo": 2}
    assert again.log.count("agent heard") == 2


def test_an_invocation_ends_for_its_caller_before_its_extensions_are_done(
    client: Any, deploy: Deploy
) -> None:
    name = deploy({"slow": "while next; do sleep 1; done\n"}, Timeout=10)
    invoke(client, name, 0, LogType="None")
    began = time.monotonic()
    assert invoke(client, name, 1, LogType="None").value == {"echo": 1}  # the first one's second must pass
    assert time.monotonic() - began < 1.5
    log = invoke(client, name, 2).log
    assert float(log.rpartition("\tDuration: ")[2].split()[0]) >= 1_000


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("exit 3\n", "Extension.Crash", "exit code 3"),
        (
            'curl -sS -X POST "$ext/init/error" -H "Lambda-Extension-Identifier: $id" '
            '-H "Lambda-Extension-Function-Error-Type: Extension.NoKey" -d "{}"\nsleep 60\n',
            "Extension.NoKey",
            "agent: Extension.NoKey",
        ),
    ],
    ids=["crash", "init error"],
)
def test_an_extension_that_does_not_start_fails_the_invocation(
    client: Any, deploy: Deploy, text: str, kind: str, words: str
) -> None:
    answer = invoke(client, deploy({"agent": text}))
    assert (answer.value["errorType"], answer.error) == (kind, "Unhandled")
    assert answer.value["errorMessage"].endswith(f" Error: {words}")


def test_an_extension_that_crashes_in_an_invocation_resets_the_environment(
    client: Any, deploy: Deploy
) -> None:
    text = "next; [ -e /tmp/crashed ] || { touch /tmp/crashed; exit 5; }; while next; do :; done\n"
    handle = 'sleep 0.3; curl -sS "$api/invocation/$id/response" -d 1'
    name = deploy({"agent": text}, shell(handle))
    answer = invoke(client, name)
    assert answer.value["errorType"] == "Extension.Crash"
    assert invoke(client, name).value == 1


def test_an_extension_that_never_asks_for_an_event_is_a_timeout(client: Any, deploy: Deploy) -> None:
    name = deploy({"deaf": "next; sleep 60\n"}, Timeout=1)
    answer = invoke(client, name, 1, LogType="None")
    assert answer.value == {"echo": 1}  # the runtime has answered; the time is the extension's
    assert invoke(client, name, 2, LogType="None").value == {"echo": 2}


def test_a_timeout_tells_extensions_why_they_end(client: Any, deploy: Deploy) -> None:
    text = 'while event=$(next); do echo "$event" >>/tmp/told; done\n'
    handle = """
  [ "$event" = 1 ] && sleep 60
  curl -sS "$api/invocation/$id/response" -d "$(grep SHUTDOWN /tmp/told)" >/dev/null
"""
    name = deploy({"agent": text}, shell(handle), Timeout=1)
    assert invoke(client, name, 1).value["errorType"] == "Sandbox.Timedout"
    told = invoke(client, name, 2).value
    assert (told["eventType"], told["shutdownReason"]) == ("SHUTDOWN", "timeout")
    assert told["deadlineMs"] > 1_700_000_000_000


def test_eleven_extensions_are_too_many(client: Any, deploy: Deploy) -> None:
    name = deploy({f"agent-{number}": "next\n" for number in range(11)})
    assert invoke(client, name).value["errorType"] == "Extension.TooManyExtensions"


def test_an_extension_that_floods_the_log_does_not_stop_invocations(client: Any, deploy: Deploy) -> None:
    text = "( head -c 20000000 /dev/zero | tr '\\0' x | fold -w 999 ) &\nwhile next >/dev/null; do :; done\n"
    name = deploy({"loud": text}, Timeout=30, MemorySize=512)
    for number in range(3):
        assert invoke(client, name, number, LogType="None").value == {"echo": number}
