"""Unmodified runtime clients, each built from its registry, against the Runtime API.

Go, Rust: skipped without their toolchains, which the project's CI does not install; what they built stays in
the toolchains' own caches. Python's client is a dependency of Ingle, and is run here as a custom runtime.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.bootstraps import deploy_package, package
from tests.conformance.functions import invoke

_LANGUAGES = Path(__file__).parent / "languages"
_BUILD_SECONDS = 300
_SYSTEM_PYTHON = "/usr/bin/python3"

Deploy = Callable[..., str]


@pytest.fixture
def deploy(client: Any) -> Iterator[Deploy]:
    """`deploy_package` on the node, undone after the test."""
    names: list[str] = []

    def deploy(content: bytes, **configuration: Any) -> str:
        names.append(deploy_package(client, content, **configuration))
        return names[-1]

    yield deploy
    for name in names:
        client.delete_function(FunctionName=name)


def build(command: list[str], directory: Path, **environ: str) -> None:
    """Run a build; skip where its toolchain, or the registry that it asks, is not there."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
    )
    if done.returncode != 0:
        pytest.skip(f"{command[0]} could not build: {done.stderr[-500:]}")


def test_aws_lambda_go(client: Any, deploy: Deploy, tmp_path: Path) -> None:
    bootstrap = tmp_path / "bootstrap"
    command = ["go", "build", "-tags", "lambda.norpc", "-ldflags=-s -w", "-o", str(bootstrap), "."]
    build(command, _LANGUAGES / "go", CGO_ENABLED="0", GOFLAGS="-mod=mod")
    name = deploy(package({"bootstrap": bootstrap.read_bytes()}))
    for _ in range(2):
        answer = invoke(client, name, {"do": "work"})
        assert answer.value["did"] == "work"
        assert answer.value["id"] == answer.headers["x-amzn-requestid"]
        assert answer.value["arn"].endswith(name)
        assert "handling work" in answer.log
    failed = invoke(client, name, {"do": "fail"})
    assert (failed.value, failed.error) == (
        {"errorMessage": "told to", "errorType": "errorString"},
        "Unhandled",
    )
    panicked = invoke(client, name, {"do": "panic"})
    assert (panicked.value["errorMessage"], panicked.error) == ("told to", "Unhandled")
    assert invoke(client, name, {"do": "again"}).value["did"] == "again"
    stream = client.invoke_with_response_stream(FunctionName=name, Payload=b'{"do":"stream"}')["EventStream"]
    payload = b"".join(event["PayloadChunk"]["Payload"] for event in stream if "PayloadChunk" in event)
    assert payload == b"one two"


def test_rust_lambda_runtime(client: Any, deploy: Deploy) -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ingle-tests" / "rust"
    build(
        ["cargo", "build", "--release", "--locked", "--quiet"],
        _LANGUAGES / "rust",
        CARGO_TARGET_DIR=str(cache),
    )
    name = deploy(package({"bootstrap": (cache / "release" / "bootstrap").read_bytes()}))
    for _ in range(2):
        answer = invoke(client, name, {"do": "work"})
        assert answer.value == {"did": {"do": "work"}, "id": answer.headers["x-amzn-requestid"]}
    failed = invoke(client, name, {"do": "fail"})
    assert (failed.value["errorMessage"], failed.error) == ("told to", "Unhandled")
    assert invoke(client, name, {"do": "again"}).error is None


HANDLER = b"""
def handler(event, context):
    print("handling", event)
    if event == "fail":
        raise ValueError("told to")
    return {"id": context.aws_request_id, "left": context.get_remaining_time_in_millis() > 0}
"""


def test_awslambdaric(client: Any, deploy: Deploy) -> None:
    """AWS's own client for Python, as a container image would start it."""
    files = {"app.py": HANDLER}
    for distribution in ("awslambdaric", "simplejson", "snapshot_restore_py"):
        for file in metadata.files(distribution) or ():
            if ".dist-info" not in str(file) and ".." not in str(file) and file.suffix != ".pyc":
                files[str(file)] = Path(str(file.locate())).read_bytes()
    native = next((name for name in files if name.startswith("runtime_client.cpython-")), None)
    version = subprocess.run([_SYSTEM_PYTHON, "-V"], capture_output=True, text=True, check=False).stdout
    if native is None or f"cpython-{version[7:].replace('.', '', 1)[:3]}-" not in native:
        pytest.skip(f"{_SYSTEM_PYTHON} is not of the version that awslambdaric was built for here")
    files["bootstrap"] = f'#!/bin/sh\nexec {_SYSTEM_PYTHON} -m awslambdaric "$_HANDLER"\n'.encode()
    name = deploy(package(files))
    for _ in range(2):
        answer = invoke(client, name, 1)
        assert answer.value == {"id": answer.headers["x-amzn-requestid"], "left": True}
        assert "handling 1" in answer.log
    failed = invoke(client, name, "fail")
    assert (failed.value["errorType"], failed.error) == ("ValueError", "Unhandled")
    assert invoke(client, name, 2).error is None
