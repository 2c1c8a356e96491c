"""AWS's Runtime Interface Emulator as the rival: its binary, out of the `aws-sam-cli` wheel.

It runs one function, unsandboxed, one invocation at a time; its runtime is AWS's own `awslambdaric`.
"""

from __future__ import annotations

import contextlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import BenchError
from bench.node import EVENT, HANDLER, signed
from bench.processes import free_port, server

WHEEL = "aws-sam-cli==1.170.0"
NAME = "AWS's emulator"
_CACHE = Path(__file__).resolve().parents[1] / ".bench"
_PATH = "/2015-03-31/functions/function/invocations"


def binary() -> Path:
    """The emulator, downloaded once. Raises BenchError where it cannot be had."""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    member = f"aws-lambda-rie-{machine}"
    target = _CACHE / member
    if not target.exists():
        _CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
            unpacked = _download(Path(scratch), member)
            unpacked.chmod(0o755)
            unpacked.rename(target)
    return target


def _download(directory: Path, member: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    try:
        subprocess.run([*command, "--dest", str(directory), WHEEL], check=True, timeout=120)
        (wheel,) = directory.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(f"samcli/local/rapid/{member}")
    except (subprocess.SubprocessError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BenchError(f"the emulator cannot be had from {WHEEL}: {error}") from error
    unpacked = directory / member
    unpacked.write_bytes(content)
    return unpacked


class Emulator:
    """A running emulator, its function not initialised before the first invocation."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port
        self.request = signed(_PATH, EVENT, port)


@contextlib.contextmanager
def running() -> Iterator[Emulator]:
    port, runtime_port = free_port(), free_port()
    command = [str(binary()), "--log-level", "error"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}"]
    command += [sys.executable, "-m", "awslambdaric", "app.handler"]
    with tempfile.TemporaryDirectory(prefix="ingle-bench-") as directory:
        (Path(directory) / "app.py").write_text(HANDLER)
        with server(command, port, Path(directory), {"AWS_LAMBDA_FUNCTION_NAME": "function"}) as process:
            yield Emulator(process.pid, port)
