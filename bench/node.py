"""Ingle as the subject: `ingle up` on a data directory of its own, functions deployed over the API."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.client import Client
from bench.figure import BenchError
from bench.processes import free_port, server

HANDLER = "def handler(event, context):\n    return event\n"
EVENT = b'{"key": "value"}'
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_ROLE = "arn:aws:iam::000000000000:role/bench"
_ACTIVE_PATIENCE = 60.0  # seconds


def signed(path: str, body: bytes, port: int, method: str = "POST") -> bytes:
    """A whole HTTP request as an AWS SDK writes it."""
    request = AWSRequest(method, f"http://127.0.0.1:{port}{path}", data=body)
    request.headers["Content-Type"] = "application/json"
    SigV4Auth(Credentials("bench", "bench"), "lambda", "us-east-1").add_auth(request)
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "User-Agent: bench"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def invoke_request(name: str, port: int) -> bytes:
    return signed(f"/2015-03-31/functions/{name}/invocations", EVENT, port)


class Node:
    """A running Ingle."""

    def __init__(self, pid: int, port: int, directory: Path) -> None:
        self.pid = pid
        self.port = port
        self.directory = directory

    def deploy(self, names: Sequence[str], client: Client) -> None:
        """Create functions, and wait until they are Active. Raises BenchError."""
        code = base64.b64encode(_package()).decode()
        requests = []
        for name in names:
            body = {
                "FunctionName": name,
                "Runtime": RUNTIME,
                "Handler": "app.handler",
                "Role": _ROLE,
                "Code": {"ZipFile": code},
            }
            requests.append(signed("/2015-03-31/functions", json.dumps(body).encode(), self.port))
        client.run(self.port, requests, clients=16, status=201)
        for name in names[-100:]:
            self._wait_until_active(name)

    def _wait_until_active(self, name: str) -> None:
        deadline = time.monotonic() + _ACTIVE_PATIENCE
        while self._state(name) != "Active":
            if time.monotonic() > deadline:
                raise BenchError(f"function {name} does not become Active")
            time.sleep(0.01)

    def _state(self, name: str) -> str:
        answer = json.loads(self.get(f"/2015-03-31/functions/{name}/configuration"))
        return str(answer["State"])

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        if response.status != 200:
            raise BenchError(f"GET {path}: {response.status} {body[:500]!r}")
        return body

    def invoke_requests(self, names: Sequence[str]) -> list[bytes]:
        return [invoke_request(name, self.port) for name in names]


def up_command(directory: Path, port: int) -> list[str]:
    """Memory is not what these benchmarks are to run out of."""
    command = [str(Path(sys.executable).with_name("ingle")), "up", "--port", str(port)]
    return [*command, "--data-dir", str(directory), "--memory-budget", "1000000"]


@contextlib.contextmanager
def running() -> Iterator[Node]:
    """A node with an empty data directory, gone at the end."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ingle-bench-") as parent:
        directory = Path(parent) / "data"
        Path(parent).chmod(0o711)  # the node is another user once it has let go of root
        with server(up_command(directory, port), port) as process:
            yield Node(process.pid, port, directory)


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", HANDLER)
    return buffer.getvalue()
