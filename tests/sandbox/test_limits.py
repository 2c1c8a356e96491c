"""The limits of a sandbox hold against programs that try to exceed them."""

# ruff: noqa: ASYNC110, ASYNC240  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from tests.sandbox.harness import MIB, Raised, Stage, alive, cgroups

from ingle.sandbox.api import Exit, SandboxError


async def test_a_memory_hog_is_killed_and_known_as_one(stage: Stage) -> None:
    puppet = await stage.puppet(memory_bytes=64 * MIB)
    puppet.send("hog = []\nwhile True: hog.append(bytearray(1 << 20))")
    assert await puppet.exit() == Exit(code=None, signal=9, out_of_memory=True)
    peak = puppet.sandbox.memory_peak()
    assert peak is not None
    assert 60 * MIB <= peak <= 64 * MIB


async def test_a_kill_is_not_taken_for_memory(stage: Stage) -> None:
    puppet = await stage.puppet()
    puppet.send("import os; os.kill(os.getpid(), 9)")
    assert await puppet.exit() == Exit(code=None, signal=9, out_of_memory=False)


async def test_all_processes_share_the_memory_limit(stage: Stage) -> None:
    puppet = await stage.puppet(memory_bytes=64 * MIB)
    code = """
import os, signal
alive = []
for _ in range(4):
    pid = os.fork()
    if pid == 0:
        hog = bytearray(40 << 20)
        hog[::4096] = b'x' * len(hog[::4096])
        signal.pause()
    alive.append(pid)
result = os.WTERMSIG(os.waitpid(-1, 0)[1])
"""
    puppet.send(code)
    peak = 0
    async with asyncio.timeout(10):
        while peak < 60 * MIB:
            await asyncio.sleep(0.01)
            peak = puppet.sandbox.memory_peak() or 0
    assert peak <= 64 * MIB


async def test_a_fork_bomb_is_bounded_and_dies_with_stop(stage: Stage) -> None:
    puppet = await stage.puppet(processes=64)
    puppet.send("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass")
    members = Path(next(path for path in cgroups(stage.directory) if "/pids/" in path or "unified" in path))
    procs = next(members.glob("sandbox-*/cgroup.procs"))
    async with asyncio.timeout(10):
        while len(procs.read_text().split()) < 60:
            await asyncio.sleep(0.01)
    assert len(procs.read_text().split()) <= 64
    assert (
        await (await stage.puppet()).run("import os; result = os.waitpid(os.fork() or os._exit(0), 0)[1]")
        == 0
    )
    await puppet.sandbox.stop()
    assert not procs.read_text().split()


async def test_descriptors_are_limited(stage: Stage) -> None:
    puppet = await stage.puppet(descriptors=1024)
    code = """
import os
held = []
try:
    while True: held.append(os.dup(0))
except OSError as error: result = [error.errno, len(held)]
"""
    errno, held = await puppet.run(code)
    assert errno == 24
    assert held == 1024 - 4


async def test_tmp_has_its_size(stage: Stage) -> None:
    puppet = await stage.puppet(tmp_bytes=8 * MIB)
    code = """
size = 0
try:
    with open('/tmp/big', 'wb', buffering=0) as file:
        while True: size += file.write(bytes(1 << 20))
except OSError as error:
    result = [error.errno, size]
"""
    errno, size = await puppet.run(code)
    assert errno == 28
    assert 7 * MIB <= size <= 8 * MIB


async def test_core_files_are_not_written(stage: Stage) -> None:
    puppet = await stage.puppet()
    assert await puppet.run("import resource; result = resource.getrlimit(resource.RLIMIT_CORE)") == [0, 0]


async def test_a_busy_loop_that_ignores_signals_is_stopped_within_100_ms(stage: Stage) -> None:
    puppet = await stage.puppet()
    puppet.send(
        "import signal as s\nfor n in {*range(1, 32)} - {9, 19}: s.signal(n, s.SIG_IGN)\nwhile True: pass"
    )
    started = time.monotonic()
    await puppet.sandbox.stop()
    assert time.monotonic() - started < 0.1
    assert (await puppet.exit()).signal == 9
    assert not alive(puppet.pid)


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_frozen_processes_use_no_cpu_and_go_on_when_thawed(stage: Stage) -> None:
    puppet = await stage.puppet()
    puppet.send("while True: pass")
    start = cpu_ticks(puppet.pid)
    async with asyncio.timeout(10):
        while cpu_ticks(puppet.pid) < start + 3:
            await asyncio.sleep(0.01)
    puppet.sandbox.freeze()
    puppet.sandbox.freeze()
    await asyncio.sleep(0.02)  # a tick in flight may still be counted
    frozen = cpu_ticks(puppet.pid)
    await asyncio.sleep(0.1)  # ten ticks, had it run
    assert cpu_ticks(puppet.pid) == frozen
    puppet.sandbox.thaw()
    async with asyncio.timeout(10):
        while cpu_ticks(puppet.pid) == frozen:
            await asyncio.sleep(0.01)


async def test_a_frozen_sandbox_is_stopped_and_destroyed_all_the_same(stage: Stage) -> None:
    one, two = await stage.puppet(), await stage.puppet()
    for puppet in (one, two):
        puppet.sandbox.freeze()
    await one.sandbox.stop()
    assert not alive(one.pid)
    await two.sandbox.destroy()
    assert not alive(two.pid)


async def test_a_cpu_cap_holds_and_can_be_lifted(stage: Stage) -> None:
    puppet = await stage.puppet()
    spin = """
import time
end, used = time.monotonic() + 0.3, time.process_time()
while time.monotonic() < end: pass
result = time.process_time() - used
"""
    puppet.sandbox.throttle(0.1)
    assert await puppet.run(spin) < 0.15
    puppet.sandbox.throttle(None)
    assert await puppet.run(spin) > 0.05  # twice the cap at the least, on however busy a machine
    with pytest.raises(SandboxError):
        puppet.sandbox.throttle(-1)


async def test_an_oversized_message_to_the_puppet_does_not_upset_the_next(stage: Stage) -> None:
    puppet = await stage.puppet()
    with pytest.raises(Raised, match="MemoryError"):
        await puppet.run("bytearray(1 << 50)")
    assert await puppet.run("result = 2") == 2
