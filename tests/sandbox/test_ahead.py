"""Programs started ahead and bound late: the same promises as for one that is launched into its sandbox."""

# ruff: noqa: ASYNC240  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sandbox.conftest import require
from tests.sandbox.harness import (
    LIMITS,
    MIB,
    Puppet,
    Stage,
    alive,
    cgroups,
    children,
    command,
    config,
    staged,
    until,
)

from ingle.sandbox.api import Bind, Executable, Exit, SandboxError


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    require(os.geteuid() == 0, "root")
    async with staged(tmp_path, replace(config(tmp_path), ahead=2)) as stage:
        yield stage


async def test_what_is_mounted_late_is_seen(stage: Stage) -> None:
    puppet = await stage.ahead()
    assert await puppet.run("import os; result = os.getcwd()") == "/"
    assert await puppet.run("import os; result = os.listdir('/var/task')") == ["function.py"]
    assert (
        await puppet.run("import os; os.chdir('/var/task'); result = open('function.py').read()") == "x = 1\n"
    )
    assert (
        await puppet.run("import sys; sys.path.insert(0, '/var/task'); import function; result = function.x")
        == 1
    )
    await puppet.run("open('/tmp/x', 'w').write('x')")
    with pytest.raises(Exception, match="Read-only"):
        await puppet.run("open('/var/task/x', 'w')")


async def test_it_is_confined_like_any_other(stage: Stage) -> None:
    puppet = await stage.ahead()
    status = await puppet.run("result = dict(l.split(':', 1) for l in open('/proc/self/status'))")
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")
    assert await puppet.run(
        "import os; result = sorted(int(p) for p in os.listdir('/proc') if p.isdigit())"
    ) == [1, 2]
    numbers = await puppet.run("import os; result = [int(n) for n in os.listdir('/proc/self/fd')]")
    assert set(numbers) - {max(numbers)} == {0, 1, 2, 3}


async def test_the_limits_are_those_of_the_sandbox_that_was_asked_for(stage: Stage) -> None:
    puppet = await stage.ahead(memory_bytes=64 * MIB, tmp_bytes=8 * MIB)
    limits = "[getrlimit(n)[1] for n in (RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_CORE)]"
    assert await puppet.run(f"from resource import *; result = {limits}") == [1024, 1024, 0]
    assert await puppet.run("import os; s = os.statvfs('/tmp'); result = s.f_blocks * s.f_frsize") == 8 * MIB
    puppet.send("hog = []\nwhile True: hog.append(bytearray(1 << 20))")
    assert await puppet.exit() == Exit(code=None, signal=9, out_of_memory=True)
    peak = puppet.sandbox.memory_peak()
    assert peak is not None
    assert 60 * MIB <= peak <= 64 * MIB


async def test_more_memory_than_it_was_started_with_is_given(stage: Stage) -> None:
    puppet = await stage.ahead(memory_bytes=3 << 30)
    limits = [
        Path(top, sandbox, "memory.limit_in_bytes")
        for top in cgroups(stage.directory)
        if "/memory/" in top
        for sandbox in os.listdir(top)
        if sandbox.startswith("sandbox-")
    ]
    if limits:  # version 1
        assert str(3 << 30) in [path.read_text().strip() for path in limits]
    assert await puppet.run("result = len(bytearray(1200 << 20))") == 1200 << 20


async def test_no_program_is_bound_twice(stage: Stage) -> None:
    puppets = [await stage.ahead() for _ in range(4)]
    assert len({puppet.pid for puppet in puppets}) == 4
    await puppets[0].run("import builtins; builtins.secret = 1; open('/tmp/secret', 'w').write('x')")
    await puppets[0].sandbox.destroy()
    for puppet in [*puppets[1:], await stage.ahead()]:
        assert await puppet.run(
            "import builtins, os; result = [hasattr(builtins, 'secret'), os.listdir('/tmp')]"
        ) == [
            False,
            [],
        ]
        assert puppet.sandbox.take_started() is None


async def test_it_is_stopped_launched_again_frozen_and_destroyed(stage: Stage) -> None:
    puppet = await stage.ahead()
    await puppet.run("open('/tmp/kept', 'w').write('x')")
    puppet.sandbox.freeze()
    await puppet.sandbox.stop()
    assert (await puppet.exit()).signal == 9
    await puppet.start()
    assert await puppet.run("import os; result = [os.listdir('/tmp'), os.getcwd()]") == [
        ["kept"],
        "/var/task",
    ]
    puppet.send("raise SystemExit(7)")
    assert await puppet.exit() == Exit(code=7, signal=None)
    await puppet.sandbox.destroy()
    with pytest.raises(SandboxError):
        puppet.sandbox.take_started()


async def test_listeners_are_reached_from_a_program_started_ahead(stage: Stage) -> None:
    puppet = await stage.ahead()
    await puppet.run("import socket, builtins; builtins.s = socket.create_connection(('127.0.0.1', 9001))")
    loop = asyncio.get_running_loop()
    connection, _ = await asyncio.wait_for(loop.sock_accept(puppet.sandbox.listeners[9001]), 5)
    connection.close()


async def test_one_that_is_not_taken_out_ends_with_its_sandbox(stage: Stage) -> None:
    sandbox = await stage.started()
    before = len(os.listdir("/proc/self/fd"))
    assert sandbox._started is not None
    pid = sandbox._started.pid
    await sandbox.destroy()
    assert not alive(pid)
    assert len(os.listdir("/proc/self/fd")) < before


async def test_those_of_a_dead_zygote_are_replaced(stage: Stage) -> None:
    bound = await stage.ahead()
    await until(lambda: len(waiting(stage)) >= 1)
    (old, *_) = waiting(stage)
    zygote = parent(bound.pid)
    os.kill(zygote, signal.SIGKILL)
    assert (await bound.exit()).signal == 9
    await until(lambda: not alive(old))
    fresh = await stage.ahead()
    assert await fresh.run("result = 1") == 1
    assert parent(fresh.pid) != zygote


async def test_one_that_dies_while_it_waits_is_replaced(stage: Stage) -> None:
    await stage.ahead()
    await until(lambda: len(waiting(stage)) >= 1)
    for pid in waiting(stage):
        os.kill(pid, signal.SIGKILL)
        await until(lambda pid=pid: not alive(pid))
    puppet = await stage.ahead()
    assert await puppet.run("result = 1") == 1


async def test_an_executable_is_started_ahead_with_its_own_files(stage: Stage) -> None:
    runtime = stage.directory / "runtime"
    runtime.mkdir()
    (runtime / "bootstrap").write_text(
        "#!/bin/sh\nread word <&3\ncd /var/task\necho $GREETING $word $(pwd) $(ls) $(ulimit -n) >&3\n"
    )
    (runtime / "bootstrap").chmod(0o755)
    program = Executable(
        ("/var/runtime/bootstrap",),
        {"GREETING": "hello", "PATH": "/usr/bin"},
        binds=(Bind(str(runtime), "/var/runtime"),),
    )
    sandbox = await stage.started(program)
    started = sandbox.take_started()
    assert started is not None
    puppet = Puppet(stage, sandbox)
    os.close(started.output)
    with started.channel:
        started.channel.settimeout(5)
        started.channel.sendall(b"world\n")
        assert started.channel.recv(100) == b"hello world /var/task function.py 1024\n"
    assert await puppet.exit() == Exit(code=0, signal=None)


async def test_a_program_that_cannot_start_is_told_when_it_is_launched(stage: Stage) -> None:
    program = Executable(("/var/runtime/nothing",), {})
    await (await stage.host.create(stage.spec(), program)).destroy()
    await asyncio.sleep(0.1)  # it is tried, in vain
    sandbox = await stage.host.create(stage.spec(), program)
    assert sandbox.take_started() is None
    assert await (await stage.ahead()).run("result = 1") == 1


async def test_they_are_few(stage: Stage) -> None:
    for _ in range(8):
        await stage.ahead()
        assert len(waiting(stage)) <= 2
    sandboxes = [await stage.host.create(stage.spec(), "puppet") for _ in range(6)]
    await asyncio.sleep(0.2)
    assert len(waiting(stage)) <= 2 + sum(sandbox._started is not None for sandbox in sandboxes)


async def test_a_specification_that_is_refused_ends_the_one_that_was_taken_for_it(stage: Stage) -> None:
    await stage.ahead()
    await until(lambda: len(waiting(stage)) >= 1)
    broken = replace(stage.spec(), binds=(Bind("/etc", "/var/task"),))
    with pytest.raises(SandboxError, match="source"):
        await stage.host.create(broken, "puppet")
    with pytest.raises(SandboxError, match="no zygote"):
        await stage.host.create(stage.spec(), "nobody")
    assert await (await stage.ahead()).run("result = 1") == 1


async def test_close_leaves_none_of_them(tmp_path: Path) -> None:
    async with staged(tmp_path, replace(config(tmp_path), ahead=2)) as stage:
        await stage.ahead()
        await until(lambda: len(waiting(stage)) >= 1)
        left = waiting(stage)
        tops = cgroups(tmp_path)
    assert not any(alive(pid) for pid in left)
    assert not any(Path(top).exists() for top in tops)
    assert list((tmp_path / "state").iterdir()) == []


async def test_limits_of_single_processes_that_it_has_not_are_given_to_a_fresh_one(stage: Stage) -> None:
    await stage.ahead()
    await until(lambda: len(waiting(stage)) >= 1)
    spec = stage.spec(replace(LIMITS, descriptors=99))
    assert (await stage.host.create(spec, "puppet")).take_started() is None


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def waiting(stage: Stage) -> list[int]:
    """Programs of zygotes, in sandboxes that the node has not been given."""
    zygotes = {pid for pid in children(stage.host.launcher_pid) if b"zygote.py" in command(pid)}
    return sorted(pid for zygote in zygotes for pid in children(zygote) if pid not in stage.given)
