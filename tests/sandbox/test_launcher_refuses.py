"""The launcher against a node that was taken over: what it is asked for outside of its remit, it refuses."""

# ruff: noqa: ASYNC240  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sandbox.harness import LIMITS, MIB, Stage

from ingle.sandbox.api import Bind, Executable, SandboxError
from ingle.sandbox.datagrams import send_descriptors


@pytest.mark.parametrize(
    "source", ["/etc", "/", "/root", "{}/../..", "{}/link", "relative", "/nowhere", "{}\0"]
)
async def test_directories_outside_of_the_roots_are_refused(stage: Stage, source: str) -> None:
    (stage.directory / "link").symlink_to("/etc")
    spec = replace(stage.spec(), binds=(Bind(source.format(stage.directory), "/var/task"),))
    with pytest.raises(SandboxError, match="source"):
        await stage.host.create(spec)
    assert await (await stage.puppet()).run("result = 1") == 1


@pytest.mark.parametrize(
    "target",
    ["/", "/etc", "/usr/lib", "/proc/self", "/var/../etc", "/var/task/..", "var/task", "/tmp", "/var//x"],
)
async def test_targets_over_the_system_are_refused(stage: Stage, target: str) -> None:
    spec = replace(stage.spec(), binds=(Bind(str(stage.directory), target),))
    with pytest.raises(SandboxError, match="target"):
        await stage.host.create(spec)


@pytest.mark.parametrize("name", ["", "../x", "a b", "x" * 65, "a/b", "a\n"])
async def test_names_that_are_none_are_refused(stage: Stage, name: str) -> None:
    with pytest.raises(SandboxError, match="name"):
        await stage.host.create(replace(stage.spec(), name=name))


async def test_no_two_sandboxes_have_the_same_name(stage: Stage) -> None:
    spec = stage.spec()
    await stage.host.create(spec)
    with pytest.raises(SandboxError, match="taken"):
        await stage.host.create(spec)


@pytest.mark.parametrize(
    "limits",
    [
        {"memory_bytes": 0},
        {"memory_bytes": -1},
        {"tmp_bytes": 1 << 60},
        {"processes": 0},
        {"descriptors": 1 << 40},
        {"cpu_share": 0},
        {"cpu_quota": -1.0},
    ],
)
async def test_limits_out_of_range_are_refused(stage: Stage, limits: dict[str, object]) -> None:
    spec = stage.spec(replace(LIMITS, **limits))  # type: ignore[arg-type]  # that is the point
    with pytest.raises(SandboxError, match="is not between"):
        await stage.host.create(spec)


async def test_unknown_zygotes_and_the_executor_are_refused(stage: Stage) -> None:
    puppet = await stage.sandbox()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for program in ("nobody", "-", "/usr/bin/python3"):
            with pytest.raises(SandboxError, match="no zygote"):
                await puppet.sandbox.launch(program, theirs, 2)
        with pytest.raises(SandboxError, match="absolute"):
            await puppet.sandbox.launch(Executable(("sh",), {}), theirs, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[" * 9000,
        b'["Stop"]',
        b'["Hello", {}]',
        b'["Stop", {"id": "x", "name": 1}]',
        b"\xff\x00",
    ],
)
async def test_malformed_messages_change_nothing_and_leak_nothing(stage: Stage, data: bytes) -> None:
    puppet = await stage.puppet()
    directory = Path(f"/proc/{stage.host.launcher_pid}/fd")
    before = len(list(directory.iterdir()))
    for _ in range(3):
        send_descriptors(stage.host._port.sock, data, [0, 1])
    assert await puppet.run("result = 1") == 1
    await puppet.sandbox.stop()
    assert len(list(directory.iterdir())) <= before


async def test_no_descriptor_of_the_launcher_leaks_over_many_lives(stage: Stage) -> None:
    directory = Path(f"/proc/{stage.host.launcher_pid}/fd")
    counts = []
    for _ in range(4):
        puppet = await stage.puppet()
        await puppet.sandbox.destroy()
        counts.append(len(list(directory.iterdir())))
    assert counts[-1] <= max(counts[:2]) + 12  # a shell being prepared holds a few


async def test_a_code_directory_exchanged_for_a_symlink_is_refused(stage: Stage) -> None:
    spec = stage.spec()
    code = Path(spec.binds[0].source)
    os.rename(code, stage.directory / "moved")
    code.symlink_to("/etc")
    with pytest.raises(SandboxError, match="not below"):
        await stage.host.create(spec)


async def test_memory_of_the_smallest_function_is_enough(stage: Stage) -> None:
    assert await (await stage.puppet(memory_bytes=128 * MIB)).run("result = 1") == 1
