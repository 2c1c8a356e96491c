"""The zygote runs on every CPython that Lambda has had since 3.8, where this machine has it too."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sandbox.conftest import require
from tests.sandbox.harness import config, staged

from ingle.sandbox.api import SandboxError, Zygote

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def interpreter(version: str) -> tuple[str, str] | None:
    """Executable and prefix of that version: on the PATH, or installed beside the one that runs this."""
    beside = sorted(Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}"))
    candidates = [*map(str, beside), shutil.which(f"python{version}")]
    for candidate in filter(None, candidates):
        code = "import os, sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix)"
        done = subprocess.run([candidate, "-I", "-c", code], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            executable, prefix = done.stdout.splitlines()
            return executable, prefix
    return None


@pytest.mark.parametrize("version", VERSIONS)
async def test_programs_are_forked_from_it(version: str, tmp_path: Path) -> None:
    require(os.geteuid() == 0, "root")
    found = await asyncio.to_thread(interpreter, version)
    if found is None:
        pytest.skip(f"no Python {version} on this machine; not every machine has every version")
    wanted = config(tmp_path)
    zygote = replace(wanted.zygotes[0], interpreter=found[0], prefixes=(found[1],))
    async with staged(tmp_path, replace(wanted, zygotes=(zygote,))) as stage:
        puppet = await stage.puppet()
        code = "import sys, decimal, ssl, ctypes; exit; result = '%d.%d' % sys.version_info[:2]"
        assert await puppet.run(code) == version
        puppet.send("exit(3)")
        assert (await puppet.exit()).code == 3


@pytest.mark.parametrize(
    ("preload", "said"),
    [
        ("raise RuntimeError('spoilt')", "spoilt"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
            "threads",
        ),
        ("import os; os._exit(1)", "ended before it was ready"),
    ],
)
async def test_a_program_that_cannot_be_preloaded_is_told(preload: str, said: str, tmp_path: Path) -> None:
    require(os.geteuid() == 0, "root")
    wanted = config(tmp_path)
    program = tmp_path / "bad.py"
    program.write_text(f"def preload():\n    {preload}\n")
    bad = Zygote("bad", wanted.zygotes[0].interpreter, str(program), wanted.zygotes[0].prefixes)
    async with staged(tmp_path, replace(wanted, zygotes=(*wanted.zygotes, bad))) as stage:
        with pytest.raises(SandboxError, match=said):
            await stage.host.warm("bad")
        assert await (await stage.puppet()).run("result = 1") == 1
