"""A whole node as a user starts it: a process of the command `ingle up`, and what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

INGLE = str(Path(sys.executable).parent / "ingle")
ACCOUNT = "000000000000"
REGION = "us-east-1"

_READY = re.compile(r"Ingle is ready at (http://\S+)")
_INSTANCE = re.compile(r"/(ingle-[0-9a-f]{8})/record$")
_START_PATIENCE = 30.0  # seconds
_STOP_PATIENCE = 20.0
_CGROUPS = Path("/sys/fs/cgroup")
_POLL = 0.02


class Node:
    """One `ingle up` on a port of its own choice. Always ended with `terminate` or `kill`."""

    def __init__(self, directory: Path, *options: str, log_level: str = "warning") -> None:
        self.directory = directory
        self.stderr = directory.with_name(f"{directory.name}-{time.monotonic_ns()}.stderr")
        command = [INGLE, "up", "--port", "0", "--data-dir", str(directory), "--log-level", log_level]
        with open(self.stderr, "wb") as errors:
            self.process = subprocess.Popen(
                [*command, *options], stdout=subprocess.PIPE, stderr=errors, env=environment()
            )
        try:
            self.endpoint = self._wait_until_ready()
            self.instance = _launcher_instance(self.pid)
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self) -> str:
        """The endpoint. `ingle up` prints one line when it serves, and closes its output when it ends."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        match = _READY.match(line)
        assert match is not None, f"no node: {line!r}, {self.stderr.read_text()}"
        return match[1]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def launcher(self) -> int:
        """The pid of the launcher: the child that is neither a zygote nor a function."""
        (child,) = children(self.pid)
        return child

    def health(self) -> dict[str, Any]:
        """What `GET /_ingle/health` says."""
        with urllib.request.urlopen(f"{self.endpoint}/_ingle/health", timeout=10) as answer:
            facts: dict[str, Any] = json.load(answer)
            return facts

    def client(self, **settings: Any) -> Any:
        """An unmodified boto3 client of this node's Lambda that never retries."""
        return client(self.endpoint, **settings)

    def terminate(self) -> int:
        """Ask it to end, as Ctrl-C and service managers do; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """`kill -9` of the node alone."""
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(_STOP_PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


def client(endpoint: str, **settings: Any) -> Any:
    """A boto3 client for Lambda at `endpoint`; `settings` are botocore's `Config`'s."""
    config = Config(
        retries={"total_max_attempts": 1}, read_timeout=60, **{"max_pool_connections": 64, **settings}
    )
    return boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


def environment(**further: str) -> dict[str, str]:
    """The environment for a command under test: nothing of the developer's own AWS or Ingle settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "INGLE_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **further}


def children(pid: int) -> list[int]:
    """Pids of a process's children."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def descendants(pid: int) -> list[int]:
    """Pids of a process's children, their children, and so on."""
    found: list[int] = []
    for child in children(pid):
        try:
            found += [child, *descendants(child)]
        except FileNotFoundError:  # it ended meanwhile
            continue
    return found


def born(pid: int) -> str | None:
    """What tells a process from a later one with the same pid; None for one that is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _launcher_instance(node: int) -> str:
    """The name of what the launcher holds on the host: the record that it keeps open and locked."""
    for pid in descendants(node):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                match = _INSTANCE.search(os.readlink(descriptor))
                if match is not None:
                    return match[1]
    raise AssertionError("the launcher keeps no record")


class Traces:
    """What a node holds on the host, noted while it lives, to be looked for when it is gone."""

    def __init__(self, node: Node) -> None:
        self._instance = node.instance
        self._processes = {pid: born(pid) for pid in [node.pid, *descendants(node.pid)]}

    def left(self) -> list[str]:
        """What of it is still there, each named."""
        processes = [
            f"process {pid}" for pid, birth in self._processes.items() if birth and born(pid) == birth
        ]
        return [*processes, *self._named()]

    def left_after(self, seconds: float) -> list[str]:
        """`left`, once nothing is, or after so many seconds."""
        deadline = time.monotonic() + seconds
        while (found := self.left()) and time.monotonic() < deadline:
            time.sleep(_POLL)
        return found

    def _named(self) -> Iterator[str]:
        for path in _cgroup_directories():
            if self._instance in path.name:
                yield f"cgroup {path}"
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            if self._instance in line:
                yield f"mount {line}"
        link = "ig" + self._instance.partition("-")[2]
        for interface in os.listdir("/sys/class/net"):
            if interface.startswith(link):
                yield f"network interface {interface}"
        state = Path("/run/ingle") / self._instance
        if state.exists():
            yield f"state directory {state}"


def _cgroup_directories() -> Iterator[Path]:
    for root, directories, _ in os.walk(_CGROUPS):
        for name in directories:
            yield Path(root, name)


def wait_until(condition: Any, seconds: float, what: str) -> None:
    """Wait until `condition()` holds; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(_POLL)
