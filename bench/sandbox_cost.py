"""What a sandbox costs, beside the floor: a bare fork of the same interpreter, measured in the same run.

    python bench/sandbox_cost.py [LEVEL]

Prints ratios, for machines differ; run as root for `namespaces`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ingle.sandbox import host
from ingle.sandbox.api import Bind, Level, Limits, SandboxSpec, Zygote
from ingle.sandbox.config import HostConfig

ROUNDS = 100
INTERPRETER = os.path.realpath(sys.executable)
MIB = 1 << 20
PROGRAM = """
import os, socket, time, json, logging, asyncio, http.client, urllib.request, uuid, decimal
def preload(): pass
def main(fd):
    with socket.socket(fileno=fd) as sock:
        sock.recv(1)
        os.chdir("/var/task")
        sock.sendall(b"!")
        if sock.recv(1) == b"f":
            times = []
            for _ in range(100):
                started = time.perf_counter()
                read, write = os.pipe()
                pid = os.fork()
                if pid == 0:
                    os.write(write, b"!")
                    os._exit(0)
                os.read(read, 1)
                times.append(time.perf_counter() - started)
                os.waitpid(pid, 0), os.close(read), os.close(write)
            sock.sendall(json.dumps(times).encode())
            sock.recv(1)
"""


def median_ms(times: list[float]) -> float:
    return statistics.median(times) * 1000


def pss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def init_of(pid: int) -> int | None:
    """Process 1 of that process's pid namespace, as seen from here."""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and int(path.name) != pid and os.readlink(path / "ns/pid") == space:
                return int(path.name)
        except OSError:
            continue
    return None


async def greet(channel: socket.socket) -> None:
    """What a node and a runtime do in INIT: a first word, answered from the function's directory."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(channel, b"?")
    await loop.sock_recv(channel, 1)


class Bench:
    def __init__(self, launcher: host.LauncherHost, code: str) -> None:
        self._launcher = launcher
        self._code = code
        self._number = 0

    async def one(self, ahead: bool = False) -> tuple[host.LauncherSandbox, socket.socket, int, float]:
        """A sandbox whose program has answered, and how long that took."""
        self._number += 1
        limits = Limits(128 * MIB, 512 * MIB, 128)
        spec = SandboxSpec(f"bench-{self._number}", limits, (Bind(self._code, "/var/task"),))
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        began = time.perf_counter()
        sandbox = await self._launcher.create(spec, "bench" if ahead else None)
        started = sandbox.take_started()
        if started is not None:
            for end in (ours, theirs):
                end.close()
            os.close(started.output)
            started.channel.setblocking(False)
            await greet(started.channel)
            return sandbox, started.channel, started.pid, time.perf_counter() - began
        with theirs:
            launched = asyncio.create_task(sandbox.launch("bench", theirs, 2))
            await greet(ours)
            took = time.perf_counter() - began
            return sandbox, ours, await launched, took

    async def floor(self) -> list[float]:
        """Bare forks of the same interpreter with the same modules, done by a program in a sandbox."""
        sandbox, sock, _, _ = await self.one()
        sock.setblocking(True)
        sock.sendall(b"f")
        data = await asyncio.to_thread(sock.recv, 1 << 16)
        sock.close()
        await sandbox.destroy()
        return [float(word) for word in data.decode().strip("[]").split(",")]

    async def quiet(self, ahead: bool) -> list[float]:
        times = []
        for _ in range(ROUNDS):
            await asyncio.sleep(0.03)  # the pools are refilled, as between the cold starts of a quiet node
            sandbox, sock, _, took = await self.one(ahead)
            times.append(took)
            sock.close()
            await sandbox.destroy()
        return times

    async def rate(self) -> float:
        """Sandboxes made, launched and destroyed per second, four at a time, without a pause."""

        async def lives(count: int) -> None:
            for _ in range(count):
                sandbox, sock, _, _ = await self.one()
                sock.close()
                await sandbox.destroy()

        started = time.perf_counter()
        await asyncio.gather(*(lives(ROUNDS // 2) for _ in range(4)))
        return 2 * ROUNDS / (time.perf_counter() - started)

    async def memory(self) -> tuple[int, int]:
        """PSS in KiB of an idle program and of its init, among eight."""
        made = [await self.one() for _ in range(8)]
        await asyncio.sleep(0.2)
        pids = [pid for _, _, pid, _ in made]
        inits = [pid for pid in map(init_of, pids) if pid is not None]
        program = int(statistics.median(pss_kib(pid) for pid in pids))
        init = int(statistics.median(pss_kib(pid) for pid in inits)) if inits else 0
        for sandbox, sock, _, _ in made:
            sock.close()
            await sandbox.destroy()
        return program, init


async def run(level: Level | None) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        program = Path(directory) / "program.py"
        program.write_text(PROGRAM)
        zygote = Zygote("bench", INTERPRETER, str(program), (sys.base_prefix,))
        config = HostConfig(roots=(directory,), zygotes=(zygote,), level=level, network="none")
        launcher = host.start(config)
        launcher.attach(lambda: sys.exit("the launcher is gone"))
        bench = Bench(launcher, directory)
        print(f"level {launcher.isolation.level}")
        try:
            await launcher.warm("bench")
            floor = median_ms(await bench.floor())
            print(f"bare fork of the interpreter            {floor:6.2f} ms    1.0")
            for ahead, name in ((True, "bound late"), (False, "launched")):
                cold = await bench.quiet(ahead)
                p50 = median_ms(cold)
                print(f"create until it answers, {name:10}, p50 {p50:6.2f} ms  {p50 / floor:5.1f}")
                print(f"create until it answers, {name:10}, p90 {sorted(cold)[-10] * 1000:6.2f} ms")
            rate = await bench.rate()
            cores = os.cpu_count() or 1
            print(f"sandboxes per second, and per core      {rate:6.0f}    {rate / cores:7.0f}")
            program_pss, init_pss = await bench.memory()
            print(f"PSS idle: program + init                {program_pss} + {init_pss} KiB")
        finally:
            await launcher.close()


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else None
    asyncio.run(run(chosen))  # type: ignore[arg-type]  # checked by the launcher
