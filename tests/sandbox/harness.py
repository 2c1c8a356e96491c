"""Real sandboxes with a puppet in them."""

# ruff: noqa: ASYNC110, ASYNC230  nothing else runs on a test's event loop that could be held up
from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingle.sandbox import host
from ingle.sandbox.api import Bind, Executable, Exit, Level, Limits, Network, SandboxSpec, Zygote
from ingle.sandbox.config import HostConfig

MIB = 1 << 20
LIMITS = Limits(memory_bytes=128 * MIB, tmp_bytes=16 * MIB, cpu_share=128)
PATIENCE = 10.0
_numbers = itertools.count()


class Raised(Exception):
    """The code that a puppet was told to run raised this: the name of the exception type, and its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Puppet:
    """One sandbox and the program in it."""

    def __init__(self, stage: Stage, sandbox: host.LauncherSandbox) -> None:
        self.stage = stage
        self.sandbox = sandbox
        self.pid = 0
        self.exits: asyncio.Queue[Exit] = asyncio.Queue()
        sandbox.on_exit(self.exits.put_nowait)

    async def bind(self) -> None:
        """Use the program that was started ahead."""
        started = self.sandbox.take_started()
        assert started is not None
        os.close(started.output)
        self.pid = started.pid
        self.stage.given.add(self.pid)
        self._reader, self._writer = await asyncio.open_connection(sock=started.channel)

    async def start(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs, open(self.stage.output, "ab") as output:
            self.pid = await self.sandbox.launch("puppet", theirs, output.fileno())
        self.stage.given.add(self.pid)
        self._reader, self._writer = await asyncio.open_connection(sock=ours)

    async def run(self, code: str, patience: float = PATIENCE) -> Any:
        """Run code inside; the value that it leaves in `result`. Raises Raised; ConnectionError, or
        IncompleteReadError, when the program dies of it."""
        self.send(code)
        async with asyncio.timeout(patience):
            size = struct.unpack("!I", await self._reader.readexactly(4))[0]
            answer = json.loads(await self._reader.readexactly(size))
        if answer[0] != "ok":
            raise Raised(answer[0], answer[1])
        return answer[1]

    def send(self, code: str) -> None:
        data = code.encode()
        self._writer.write(struct.pack("!I", len(data)) + data)

    async def exit(self) -> Exit:
        async with asyncio.timeout(PATIENCE):
            return await self.exits.get()


class Stage:
    """A launcher, and a directory in which its sources lie."""

    def __init__(self, directory: Path, launcher: host.LauncherHost) -> None:
        self.directory = directory
        self.host = launcher
        self.output = directory / "output"
        self.lost = False
        self.given: set[int] = set()  # pids of programs that the test got

    def spec(self, limits: Limits = LIMITS) -> SandboxSpec:
        code = self.directory / "code"
        code.mkdir(exist_ok=True)
        (code / "function.py").write_text("x = 1\n")
        return SandboxSpec(f"test-{next(_numbers)}", limits, (Bind(str(code), "/var/task"),))

    async def sandbox(self, **limits: Any) -> Puppet:
        """A fresh sandbox with nothing in it."""
        return Puppet(self, await self.host.create(self.spec(replace(LIMITS, **limits))))

    async def started(self, program: str | Executable = "puppet", **limits: Any) -> host.LauncherSandbox:
        """A fresh sandbox in which the program runs already: waits until there is one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                sandbox = await self.host.create(self.spec(replace(LIMITS, **limits)), program)
                if sandbox._started is not None:
                    return sandbox
                await sandbox.destroy()
                await asyncio.sleep(0.02)

    async def ahead(self, **limits: Any) -> Puppet:
        """A fresh sandbox, bound to a puppet that was started ahead."""
        puppet = Puppet(self, await self.started(**limits))
        await puppet.bind()
        return puppet

    async def puppet(self, **limits: Any) -> Puppet:
        """A fresh sandbox with a puppet running in it."""
        puppet = await self.sandbox(**limits)
        await puppet.start()
        return puppet

    def told_lost(self) -> None:
        self.lost = True


def config(directory: Path, level: Level = "namespaces", network: Network = "none") -> HostConfig:
    directory.chmod(0o755)
    program = directory / "puppet_program.py"
    shutil.copy(Path(__file__).with_name("puppet_program.py"), program)
    interpreter = os.path.realpath(sys.executable)
    zygote = Zygote("puppet", interpreter, str(program), (sys.base_prefix,))
    state = directory / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    return HostConfig(
        roots=(str(directory),),
        zygotes=(zygote,),
        level=level,
        network=network,
        state_dir=str(state),
        prepared=1,
        ahead=0,
    )


@asynccontextmanager
async def staged(directory: Path, wanted: HostConfig) -> AsyncIterator[Stage]:
    stage = Stage(directory, host.start(wanted))
    stage.host.attach(stage.told_lost)
    try:
        yield stage
    finally:
        await stage.host.close()


def cgroups(stage_directory: Path) -> list[str]:
    """The cgroup directories of the launchers whose state lies in this stage's directory."""
    found: list[str] = []
    for record in (stage_directory / "state").glob("*/record"):
        found.extend(json.loads(record.read_text() or "{}").get("cgroups", []))
    return found


async def until(condition: Any, patience: float = PATIENCE) -> None:
    """Wait for something that another process does; the deadline makes it fail."""
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.005)


def alive(pid: int) -> bool:
    """Whether that process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
