"""The life of a sandbox: launch, exit, stop, launch again, destroy; and what is refused when."""

# ruff: noqa: ASYNC240  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from tests.sandbox.harness import Stage, alive, cgroups, until

from ingle.sandbox.api import Executable, Exit, SandboxError


async def test_listeners_belong_to_one_sandbox(stage: Stage) -> None:
    one, two = await stage.puppet(), await stage.puppet()
    assert set(one.sandbox.listeners) == {4566, 9001}
    await one.run(
        "import socket; s = socket.create_connection(('127.0.0.1', 9001)); import builtins; builtins.s = s"
    )
    connection, _ = await asyncio.wait_for(accept(one.sandbox.listeners[9001]), 5)
    connection.close()
    with pytest.raises(BlockingIOError):
        two.sandbox.listeners[9001].accept()


async def accept(listener: socket.socket) -> tuple[socket.socket, object]:
    return await asyncio.get_running_loop().sock_accept(listener)


async def test_exit_codes_and_signals_are_told(stage: Stage) -> None:
    puppet = await stage.puppet()
    puppet.send("raise SystemExit(7)")
    assert await puppet.exit() == Exit(code=7, signal=None)
    await puppet.start()
    puppet.send("import os; os.abort()")
    assert await puppet.exit() == Exit(code=None, signal=6)


async def test_a_program_cannot_be_launched_twice_at_once(stage: Stage) -> None:
    puppet = await stage.puppet()
    with pytest.raises(SandboxError, match="a program is running"):
        await puppet.start()


async def test_tmp_outlives_the_program(stage: Stage) -> None:
    puppet = await stage.puppet()
    await puppet.run("open('/tmp/kept', 'w').write('x')")
    await puppet.sandbox.stop()
    await puppet.start()
    assert await puppet.run("import os; result = os.listdir('/tmp')") == ["kept"]


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open('/tmp/daemon', 'w').write('x')
        time.sleep(1000)
    os._exit(0)
os.wait()
while not os.path.exists('/tmp/daemon'): time.sleep(0.001)
"""


async def test_a_daemon_does_not_outlive_stop(stage: Stage) -> None:
    puppet = await stage.puppet()
    await puppet.run(DAEMON)
    await puppet.sandbox.stop()
    for procs in processes(stage):
        assert not procs.read_text().split()


async def test_a_daemon_does_not_meet_the_next_program(stage: Stage) -> None:
    puppet = await stage.puppet()
    await puppet.run(DAEMON)
    puppet.send("raise SystemExit(0)")
    await puppet.exit()
    await puppet.start()
    pids = await puppet.run("import os; result = len([p for p in os.listdir('/proc') if p.isdigit()])")
    assert pids == 2


async def test_nothing_of_a_sandbox_is_left_after_destroy(stage: Stage) -> None:
    puppet = await stage.puppet()
    await puppet.run(DAEMON)
    before = {path for top in cgroups(stage.directory) for path in Path(top).iterdir() if path.is_dir()}
    await puppet.sandbox.destroy()
    await puppet.sandbox.destroy()
    assert not alive(puppet.pid)
    after = {path for top in cgroups(stage.directory) for path in Path(top).iterdir() if path.is_dir()}
    assert len(before - after) >= 1
    with pytest.raises(SandboxError):
        await puppet.sandbox.stop()
    with pytest.raises(SandboxError):
        puppet.sandbox.freeze()


async def test_a_sandbox_whose_creator_gave_up_is_destroyed(stage: Stage) -> None:
    await (await stage.sandbox()).sandbox.destroy()  # so that there is more than the prepared one
    creating = asyncio.create_task(stage.host.create(stage.spec()))
    await asyncio.sleep(0)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    directories = [Path(top) for top in cgroups(stage.directory)]
    await until(lambda: stage.host._undo == {})
    await until(lambda: all(len(list(top.glob("sandbox-*"))) <= 1 for top in directories))


async def test_stop_without_a_program_is_no_error(stage: Stage) -> None:
    puppet = await stage.sandbox()
    await puppet.sandbox.stop()
    await puppet.sandbox.stop()


async def test_an_executable_runs_confined_and_gets_its_channel(stage: Stage) -> None:
    puppet = await stage.sandbox()
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    program = Executable(("/bin/sh", "-c", 'echo "$GREETING $(id -un) $(pwd)" >&3'), {"GREETING": "hello"})
    with theirs:
        await puppet.sandbox.launch(program, theirs, 2)
    assert ours.recv(100) == b"hello sbx_user1051 /var/task\n"
    assert await puppet.exit() == Exit(code=0, signal=None)


async def test_an_executable_that_is_not_there_is_told(stage: Stage) -> None:
    puppet = await stage.sandbox()
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(SandboxError, match="No such file"):
        await puppet.sandbox.launch(Executable(("/var/task/nothing",), {}), theirs, 2)
    await puppet.start()
    assert await puppet.run("result = 1") == 1


async def test_output_goes_where_it_was_told(stage: Stage) -> None:
    puppet = await stage.puppet()
    await puppet.run("import os, sys; os.write(1, b'out'); os.write(2, b'err'); result = sys.stdin.read()")
    assert stage.output.read_bytes() == b"outerr"


async def test_a_killed_zygote_is_replaced_and_its_programs_ends_are_told(stage: Stage) -> None:
    puppet = await stage.puppet()
    zygote = int(Path(f"/proc/{puppet.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(zygote, 9)
    assert (await puppet.exit()).signal == 9
    await until(lambda: not alive(puppet.pid))
    await puppet.start()
    assert await puppet.run("result = 3") == 3


async def test_many_at_once(stage: Stage) -> None:
    puppets = await asyncio.gather(*(stage.puppet() for _ in range(12)))
    assert await asyncio.gather(*(puppet.run("result = 1") for puppet in puppets)) == [1] * 12
    await asyncio.gather(*(puppet.sandbox.destroy() for puppet in puppets))


async def test_a_stop_in_the_middle_of_a_launch_waits_for_it(stage: Stage) -> None:
    puppet = await stage.sandbox()
    starting = asyncio.create_task(puppet.start())
    await asyncio.sleep(0)
    await puppet.sandbox.stop()
    await starting
    assert (await puppet.exit()).signal == 9


async def test_a_destroy_in_the_middle_of_a_launch_ends_it(stage: Stage) -> None:
    puppet = await stage.sandbox()
    starting = asyncio.create_task(puppet.start())
    await asyncio.sleep(0)
    await puppet.sandbox.destroy()
    with pytest.raises(SandboxError):
        await starting


def processes(stage: Stage) -> list[Path]:
    return [path for top in cgroups(stage.directory) for path in Path(top).glob("sandbox-*/cgroup.procs")]
