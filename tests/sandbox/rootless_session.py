"""Run as an unprivileged user by `test_rootless.py`: what the levels without root give, as JSON.

python rootless_session.py DIRECTORY PACKAGE LEVEL
"""

import asyncio
import json
import os
import sys
import types
from dataclasses import replace
from pathlib import Path


def stand_up(name: str, path: str) -> None:
    """Make a package of a directory without running its `__init__`, or anything beside it."""
    package = sys.modules[name] = types.ModuleType(name)
    package.__path__ = [path]


async def main(directory: Path, level: str) -> None:
    from tests.sandbox.harness import MIB, Raised, config, staged

    found: dict[str, object] = {}
    wanted = config(directory, level=level)  # type: ignore[arg-type]  # from the command line
    async with staged(directory, replace(wanted, level=level)) as stage:  # type: ignore[arg-type]
        found["level"] = stage.host.isolation.level
        found["lacks"] = " / ".join(stage.host.isolation.lacks)
        puppet = await stage.puppet(memory_bytes=256 * MIB)

        async def attempt(name: str, code: str) -> None:
            try:
                found[name] = await puppet.run(code)
            except Raised as raised:
                found[name] = raised.name

        secret = directory / "secret"
        secret.write_text("x")
        await attempt("secret", f"result = open({str(secret)!r}).read()")
        await attempt("init", "result = open('/proc/1/environ').read()")
        await attempt("pids", "import os; result = len([p for p in os.listdir('/proc') if p.isdigit()])")
        await attempt("code", "import os; result = os.listdir('/var/task')")
        await attempt("write", "open('/var/task/x', 'w')")
        await attempt(
            "caps", "result = [l.split()[1] for l in open('/proc/self/status') if 'CapEff' in l][0]"
        )
        await attempt("hog", "x = bytearray(512 << 20)")
        await attempt(
            "tmp", "f = open('/tmp/big', 'wb', buffering=0)\nfor _ in range(20): f.write(bytes(1 << 20))"
        )
        await attempt(
            "mount", "import ctypes; result = ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None)"
        )
        puppet.send("while True: pass")
        puppet.sandbox.freeze()
        await puppet.sandbox.stop()
        found["exit"] = (await puppet.exit()).signal
        await puppet.start()
        found["again"] = await puppet.run("result = 1")
        found["listeners"] = sorted(puppet.sandbox.listeners)
        found["paths"] = sorted(puppet.sandbox.paths)
    async with staged(directory, replace(wanted, level=level, ahead=1)) as stage:  # type: ignore[arg-type]
        late = await stage.ahead(memory_bytes=256 * MIB)
        code = "import resource; result = resource.getrlimit(resource.RLIMIT_DATA)"
        found["late limit"] = await late.run(code)
        late.sandbox.freeze()
        await late.sandbox.stop()
        found["late exit"] = (await late.exit()).signal
    found["state"] = os.listdir(directory / "state")
    print(json.dumps(found))


if __name__ == "__main__":
    stand_up("ingle", sys.argv[2] + "/ingle")
    stand_up("tests", sys.argv[2] + "/tests")
    stand_up("tests.sandbox", sys.argv[2] + "/tests/sandbox")
    asyncio.run(main(Path(sys.argv[1]), sys.argv[3]))
