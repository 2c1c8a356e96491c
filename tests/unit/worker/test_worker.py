"""What the worker puts together: limits, binds, variables; and what it leaves behind when it cannot."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.support.logs import ListStream
from tests.support.looptime import by_hand
from tests.support.sandboxes import FakeHost, echo
from tests.support.specs import environment_spec

from ingle.model.errors import ServiceError
from ingle.sandbox.api import Bind, Executable, Sandbox, SandboxError, SandboxSpec
from ingle.worker.environment import Environment
from ingle.worker.faults import error_type
from ingle.worker.spec import Access, environ
from ingle.worker.worker import Supply, Worker, WorkerSettings


class Runtimes:
    async def supply(self, runtime: str) -> Supply:
        return Supply("python3.12", (Bind("/rt", "/var/runtime"),), "python:3.12.v1", {"PYTHONPATH": "/rt"})


class Logs:
    def open(self, account: str, region: str, group: str, name: str) -> ListStream:
        if group == "full":
            raise OSError("no space")
        return ListStream(name)


class Nobody:
    def environment_free(self, environment: Environment) -> None: ...


async def never(listener: socket.socket) -> socket.socket:
    raise AssertionError("no sandbox here has a listener")


def worker(host: FakeHost) -> Worker:
    return Worker(host, Runtimes(), Logs(), WorkerSettings("http://x", 4566), never)  # type: ignore[arg-type]


@by_hand
async def test_a_sandbox_has_the_functions_limits_and_the_names_that_sandboxes_may_have() -> None:
    host = FakeHost(echo)
    spec = environment_spec(function_name="a_b.c" * 20, memory_mb=256, layers=Path("/layers"))
    await worker(host).make(spec, Nobody())
    (made,) = host.specs
    assert made.limits.memory_bytes == 256 * 1024 * 1024
    assert made.limits.tmp_bytes == 512 * 1024 * 1024
    assert made.limits.cpu_share == 256
    assert made.binds == (Bind("/code", "/var/task"), Bind("/rt", "/var/runtime"), Bind("/layers", "/opt"))
    assert set(made.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(made.name) <= 64


@by_hand
async def test_a_sandbox_that_cannot_be_made_is_a_service_error() -> None:
    class Broken(FakeHost):
        async def create(self, spec: SandboxSpec, program: str | Executable | None = None) -> Sandbox:
            raise SandboxError("no cgroup")

    with pytest.raises(ServiceError, match="no cgroup"):
        await worker(Broken(echo)).make(environment_spec(), Nobody())


@by_hand
async def test_a_sandbox_without_a_log_is_destroyed() -> None:
    host = FakeHost(echo)
    with pytest.raises(OSError, match="no space"):
        await worker(host).make(environment_spec(log_group="full"), Nobody())
    assert host.sandboxes[0].destroyed


def test_users_may_override_what_lambda_lets_them_and_nothing_else() -> None:
    given = {"TZ": "Asia/Tokyo", "AWS_ENDPOINT_URL": "http://mine", "AWS_REGION": "no", "MINE": "1"}
    variables = environ(environment_spec(variables=given), Access("http://x", "a", "b", "c"), "stream")
    assert variables["TZ"] == "Asia/Tokyo"
    assert variables["AWS_ENDPOINT_URL"] == "http://mine"
    assert variables["AWS_REGION"] == "us-east-1"
    assert variables["MINE"] == "1"
    assert variables["_HANDLER"] == "app.handler"
    assert "AWS_LAMBDA_LOG_FORMAT" not in variables


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b'{"errorType":"X"}', "X"),
        (b'{"errorType":1}', None),
        (b"[]", None),
        (b"\xff", None),
        (b"", None),
        (b"[" * 100_000, None),
    ],
)
def test_the_error_type_of_whatever_a_runtime_sent(payload: bytes, kind: str | None) -> None:
    assert error_type(payload) == kind
