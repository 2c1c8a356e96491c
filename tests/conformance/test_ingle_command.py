"""The commands `ingle logs`, `ingle config` and `ingle doctor`, as processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, invoke
from tests.conformance.node import INGLE, Node, environment


def ingle(*arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INGLE, *arguments],
        env=environment(**variables),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_logs_shows_what_a_function_wrote(node: Node, client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    request_id = invoke(client, name, {"word": "heron"}).headers["x-amzn-requestid"]
    shown = ingle("logs", name, AWS_ENDPOINT_URL=node.endpoint)
    assert shown.returncode == 0
    lines = [line.partition(" ")[2] for line in shown.stdout.splitlines()]
    assert lines[1:4] == [
        f"START RequestId: {request_id} Version: $LATEST",
        "event: {'word': 'heron'}",
        f"END RequestId: {request_id}",
    ]


def test_logs_follow_shows_what_comes(node: Node, client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    invoke(client, name, "one")
    following = subprocess.Popen(
        [INGLE, "logs", name, "--follow", "--endpoint-url", node.endpoint],
        stdout=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    assert following.stdout is not None
    try:
        seen = iter(following.stdout.readline, "")
        assert any("event: one" in line for line in seen)
        invoke(client, name, "two")
        assert any("event: two" in line for line in seen)
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


def test_logs_says_when_nobody_answers() -> None:
    shown = ingle("logs", "x", "--endpoint-url", "http://127.0.0.1:1")
    assert shown.returncode == 1
    assert "Ingle does not answer at http://127.0.0.1:1" in shown.stderr


def test_config_says_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "ingle.toml").write_text("keep_alive = 60.0\n")
    shown = ingle("config", "--port", "4567", "--json", cwd=tmp_path, INGLE_CPU="strict")
    settings = json.loads(shown.stdout)
    assert settings["port"] == {"value": 4567, "from": "flag"}
    assert settings["cpu"] == {"value": "strict", "from": "INGLE_CPU"}
    assert settings["keep_alive"] == {"value": 60.0, "from": str(tmp_path / "ingle.toml")}
    assert settings["host"] == {"value": "127.0.0.1", "from": "default"}


@pytest.mark.parametrize("line", ['port = "a lot"', "colour = 'red'", "port ="])
def test_a_setting_that_cannot_be_is_named_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "ingle.toml").write_text(line + "\n")
    refused = ingle("up", cwd=tmp_path)
    assert refused.returncode == 1
    assert str(tmp_path / "ingle.toml") in refused.stderr
    assert "Traceback" not in refused.stderr


def test_doctor_names_level_privileges_and_runtimes(node: Node) -> None:
    shown = ingle("doctor", "--json", "--data-dir", str(node.directory))
    assert shown.returncode == 0, shown.stderr
    findings = json.loads(shown.stdout)
    assert f"level: {node.health()['isolation']['level']}" in findings["Isolation"][0]
    for runtime in node.health()["runtimes"]:
        assert any(line.startswith(f"{runtime}: ") for line in findings["Runtimes"])


def test_health_tells_version_isolation_and_runtimes(node: Node) -> None:
    facts = node.health()
    assert facts["status"] == "ok"
    assert set(facts["isolation"]) == {"level", "network", "lacks"}
    assert facts["runtimes"]
