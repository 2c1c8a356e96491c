"""Life stages of a runtime under test: found, staged, started by hand, spoken to as the node does.

A Python that is missing skips its tests here and fails them where `CI` is set.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingle.worker.catalogue import Installation, PythonFamily

VERSIONS = [f"python3.{minor}" for minor in range(8, 14)]
REQUEST_ID = "11111111-2222-3333-4444-555555555555"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
PATIENCE = 20.0
READY, INIT_ERROR, RESPONSE, ERROR, LOG = 16, 17, 18, 19, 20

# What a zygote does, without the sandbox: load by path, preload, fork one program for each descriptor.
_ZYGOTE = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("ingle_program", sys.argv[1])
program = importlib.util.module_from_spec(spec)
sys.modules["ingle_program"] = program
spec.loader.exec_module(program)
program.preload()
fds = [int(fd) for fd in sys.argv[2:]]
while len(fds) > 1:
    if os.fork() == 0:
        del fds[1:]
    else:
        os.close(fds.pop(0))
program.main(fds[0])
"""


@dataclass
class Answer:
    """One RESPONSE or ERROR, or an INIT's outcome: its type, its payload, and the LOG frames before it."""

    kind: int
    body: bytes
    logs: list[tuple[int, str]] = field(default_factory=list)

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass
class Node:
    """The node's end of one channel; `process` is the interpreter that was started."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    task: Path
    runtime_dir: str

    def __post_init__(self) -> None:
        self.channel.settimeout(PATIENCE)
        self._stream = self.channel.makefile("rb")

    def init(
        self,
        handler: str = "app.handler",
        environ: dict[str, str] | None = None,
        log_format: str = "Text",
        log_level: str | None = None,
    ) -> Answer:
        variables = {
            "LAMBDA_TASK_ROOT": str(self.task),
            "LAMBDA_RUNTIME_DIR": self.runtime_dir,
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "TZ": ":UTC",
            "PATH": os.defpath,
            **(environ or {}),
        }
        init = {"handler": handler, "environ": variables, "log_format": log_format, "log_level": log_level}
        self.send(1, json.dumps(init).encode())
        return self.answer()

    def invoke(self, event: bytes, **about: object) -> Answer:
        deadline = int(time.time() * 1000) + 3000
        fields = {"request_id": REQUEST_ID, "deadline_ms": deadline, "function_arn": ARN, **about}
        head = json.dumps(fields).encode()
        self.send(2, struct.pack(">I", len(head)) + head + event)
        answer = self.answer()
        assert answer.body[:36] == REQUEST_ID.encode()
        answer.body = answer.body[36:]
        return answer

    def send(self, kind: int, payload: bytes) -> None:
        self.channel.sendall(struct.pack(">BI", kind, len(payload)) + payload)

    def answer(self) -> Answer:
        """Read on to the next frame that is no LOG. EOFError when the runtime has ended instead."""
        logs: list[tuple[int, str]] = []
        while True:
            kind, payload = self.frame()
            if kind != LOG:
                return Answer(kind, payload, logs)
            level, _ = struct.unpack_from(">BQ", payload)
            logs.append((level, payload[9:].decode()))

    def frame(self) -> tuple[int, bytes]:
        header = self._stream.read(5)
        if len(header) < 5:
            raise EOFError
        kind, length = struct.unpack(">BI", header)
        return kind, self._stream.read(length)

    def hang_up(self) -> None:
        self._stream.close()
        self.channel.close()

    def end(self) -> tuple[int, str]:
        """Close the channel; exit status, and all that was printed (stdout and stderr)."""
        self.hang_up()
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output.decode()


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> PythonFamily:
    return PythonFamily(tmp_path_factory.mktemp("runtimes"))


@pytest.fixture(scope="session")
def installations(family: PythonFamily) -> dict[str, Installation]:
    return {found.runtime: found for found in family.discover()}


@pytest.fixture(scope="session")
def staged(family: PythonFamily, installations: dict[str, Installation]) -> Callable[[str], Installation]:
    """An installation by runtime name, its directory made."""

    def find(runtime: str) -> Installation:
        if runtime not in installations:
            assert not os.environ.get("CI"), f"{runtime} is missing"
            pytest.skip(f"{runtime} is not on this machine")
        family.stage(installations[runtime])
        return installations[runtime]

    return find


@pytest.fixture(params=VERSIONS)
def installation(request: pytest.FixtureRequest, staged: Callable[[str], Installation]) -> Installation:
    return staged(request.param)


Start = Callable[..., list[Node]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a runtime for a function with this app.py; returns one node for each of `programs` forks."""
    nodes: list[Node] = []

    def launch(installation: Installation, source: str, programs: int = 1) -> list[Node]:
        task = tmp_path / "task"
        task.mkdir(exist_ok=True)
        (task / "app.py").write_text(source)
        pairs = [socket.socketpair() for _ in range(programs)]
        fds = [theirs.fileno() for _, theirs in pairs]
        process = subprocess.Popen(
            [installation.interpreter, "-I", "-S", "-c", _ZYGOTE, installation.program, *map(str, fds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
        )
        for ours, theirs in pairs:
            theirs.close()
            nodes.append(Node(process, ours, task, installation.directory))
        return nodes[-programs:]

    yield launch
    for node in nodes:
        node.hang_up()
    for node in nodes:
        if node.process.poll() is None:
            node.process.kill()
            node.process.communicate(timeout=PATIENCE)
