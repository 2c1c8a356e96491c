"""Nothing is left on the host: after a close, after `kill -9` of the launcher, of the node, of both."""

# ruff: noqa: ASYNC220, ASYNC240  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.sandbox.conftest import require
from tests.sandbox.harness import alive, cgroups, config, staged, until

from ingle.sandbox.api import LauncherLost, SandboxError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _root() -> None:
    require(os.geteuid() == 0, "root")


def descendants(pid: int) -> set[int]:
    found = set()
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and alive(int(path.name)):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found |= {int(path.name)} | descendants(int(path.name))
    return found


def mounts() -> set[str]:
    return {line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "ingle" in line}


async def test_close_leaves_nothing(tmp_path: Path) -> None:
    before = mounts()
    async with staged(tmp_path, config(tmp_path)) as stage:
        await stage.puppet()
        (await stage.puppet()).sandbox.freeze()
        tops = cgroups(tmp_path)
        processes = descendants(stage.host.launcher_pid)
        assert len(processes) >= 4
        assert mounts() == before
    assert not any(Path(top).exists() for top in tops)
    assert not any(alive(pid) for pid in processes)
    assert not stage.lost
    assert list((tmp_path / "state").iterdir()) == []
    with pytest.raises(SandboxError):
        await stage.sandbox()


async def test_the_killed_launcher_is_told_and_its_sandboxes_die(tmp_path: Path) -> None:
    async with staged(tmp_path, config(tmp_path)) as stage:
        running, frozen = await stage.puppet(), await stage.puppet()
        frozen.sandbox.freeze()
        tops = cgroups(tmp_path)
        processes = descendants(stage.host.launcher_pid)
        os.kill(stage.host.launcher_pid, signal.SIGKILL)
        await until(lambda: stage.lost)
        await until(lambda: not any(alive(pid) for pid in processes))
        with pytest.raises(LauncherLost):
            await stage.sandbox()
        with pytest.raises(LauncherLost):
            await running.sandbox.stop()
    async with staged(tmp_path, config(tmp_path)) as stage:
        assert not any(Path(top).exists() for top in tops)
        assert await (await stage.puppet()).run("result = 1") == 1
    assert list((tmp_path / "state").iterdir()) == []


NODE = """
    import asyncio, sys
    from pathlib import Path
    from tests.sandbox.harness import config, staged

    async def main():
        directory = Path(sys.argv[1])
        async with staged(directory, config(directory)) as stage:
            puppet = await stage.puppet()
            (await stage.puppet()).sandbox.freeze()
            print(stage.host.launcher_pid, flush=True)
            await asyncio.Event().wait()

    asyncio.run(main())
"""


async def test_the_launcher_cleans_up_after_a_killed_node(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", textwrap.dedent(NODE), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, text=True) as node:
        assert node.stdout is not None
        launcher = int(node.stdout.readline())
        tops = cgroups(tmp_path)
        processes = descendants(launcher) | {launcher}
        node.kill()
    await until(lambda: not any(alive(pid) for pid in processes))
    assert not any(Path(top).exists() for top in tops)
    assert list((tmp_path / "state").iterdir()) == []


async def test_when_both_are_killed_the_next_start_cleans_up(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", textwrap.dedent(NODE), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, text=True) as node:
        assert node.stdout is not None
        launcher = int(node.stdout.readline())
        tops = cgroups(tmp_path)
        processes = descendants(launcher) | {launcher}
        node.send_signal(signal.SIGSTOP)  # so that neither sees the other die
        os.kill(launcher, signal.SIGKILL)
        node.kill()
    assert any(Path(top).exists() for top in tops)
    async with staged(tmp_path, config(tmp_path)):
        assert not any(Path(top).exists() for top in tops)
        await until(lambda: not any(alive(pid) for pid in processes))
    assert list((tmp_path / "state").iterdir()) == []


async def test_a_living_instance_is_not_touched_by_another(tmp_path: Path) -> None:
    async with staged(tmp_path, config(tmp_path)) as one:
        puppet = await one.puppet()
        async with staged(tmp_path, config(tmp_path)) as two:
            assert await (await two.puppet()).run("result = 2") == 2
        assert await puppet.run("result = 1") == 1


async def test_a_state_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    wanted = config(tmp_path)
    (tmp_path / "state").chmod(0o777)
    with pytest.raises(SandboxError, match="only this user"):
        async with staged(tmp_path, wanted):
            pass
