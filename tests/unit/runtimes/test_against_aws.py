"""The same function under AWS's own runtime over HTTP and under ours over the channel: the same bytes.

AWS's side is the `awslambdaric` of this environment, its C client included, against a Runtime API of our own
that hands out one event; its log is the telemetry descriptor that Lambda gives it.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingle.worker.catalogue import Installation

if TYPE_CHECKING:
    from tests.unit.runtimes.conftest import Start

REQUEST_ID = "11111111-2222-3333-4444-555555555555"
DEADLINE = 4_000_000_000_000
INIT_ERROR, RESPONSE, ERROR = 17, 18, 19
_PATHS = {"/error": ERROR, "/response": RESPONSE}


@dataclass
class Outcome:
    kind: int
    body: bytes
    logs: list[tuple[int, str]] = field(default_factory=list)


class RuntimeApi(ThreadingHTTPServer):
    """Hands out one event; what is posted ends up in `outcome`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.event = b""
        self.handed_out = False
        self.outcome: Outcome | None = None
        self.answered = threading.Event()


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.server.handed_out:  # no second event: hold the poll until the runtime is killed
            self.server.answered.wait(20)
            self.close_connection = True
            return
        self.server.handed_out = True
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", REQUEST_ID)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(DEADLINE))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = INIT_ERROR if "/init/" in self.path else _PATHS["/" + self.path.rsplit("/", 1)[1]]
        self.server.outcome = Outcome(kind, body)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answered.set()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Callable[..., Outcome]]:
    """Run the function below AWS's own runtime."""
    servers: list[RuntimeApi] = []

    def run(task: Path, handler: str, event: bytes, environ: dict[str, str]) -> Outcome:
        server = RuntimeApi()
        server.event = event
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        log = tmp_path / "telemetry"
        with log.open("wb") as telemetry:
            process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", handler],
                cwd=task,
                env={
                    **environ,
                    "PYTHONPATH": str(task),
                    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
                    "_LAMBDA_TELEMETRY_LOG_FD": str(telemetry.fileno()),
                },
                pass_fds=[telemetry.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            assert server.answered.wait(20), "AWS's runtime did not answer"
        finally:
            process.kill()
            process.wait(20)
        assert server.outcome is not None
        server.outcome.logs = list(_telemetry(log.read_bytes()))
        return server.outcome

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def _telemetry(stream: bytes) -> Iterator[tuple[int, str]]:
    while stream:
        kind, length, _ = struct.unpack_from(">IIQ", stream)
        yield (kind & 0xFF) >> 2, stream[16 : 16 + length].decode()
        stream = stream[16 + length :]


HELPER = "def deep(n):\n    if n: deep(n - 1)\n    raise LookupError('d\\u00e9ep')\n"
FUNCTIONS = {
    "result": "return {'b': 1, 'a': [1.0, 'caf\\u00e9', None], 3: {}}",
    "event": "return event",
    "decimal": "import decimal; return [decimal.Decimal('1.50'), decimal.Decimal('NaN'), float('inf')]",
    "named tuple": "import collections; return collections.namedtuple('P', 'x y')(1, 2)",
    "bytes inside": "return {'x': b'abc'}",
    "bytes": "return b'\\x00raw'",
    "unmarshallable": "return object()",
    "recursive": "a = []; a.append(a); return a",
    "surrogate": "return '\\ud800'",
    "raise": "raise ValueError('two\\nlines')",
    "raise empty": "raise Exception",
    "raise from": "try: 1 / 0\n    except ZeroDivisionError as e: raise RuntimeError('outer') from e",
    "raise deep": "import helper; helper.deep(3)",
    "assert": "assert event == {}, 'no'",
    "exception class of the function": "class Mine(Exception): pass\n    raise Mine({'a': 1})",
    "log": "import logging as l; l.warning('w %s', 1); l.getLogger('x').error('e'); context.log('plain')",
    "log exception": "import logging\n    try: 1 / 0\n    except Exception: logging.exception('caught')",
    "context": "return [str(context), context.get_remaining_time_in_millis() > 0]",
}
EVENTS = {
    "object": b'{"k": "\xc3\xa9"}',
    "not json": b"{",
    "not utf-8": b'"\xff"',
    "nan": b"[NaN]",
    "empty": b"",
}
INITS = {
    "missing module": ("nope.handler", ""),
    "missing handler": ("app.nope", "x = 1\n"),
    "malformed": ("app", ""),
    "built-in": ("sys.handler", ""),
    "syntax": ("app.handler", "def handler(:\n"),
    "raises": ("app.handler", "import helper\nhelper.deep(1)\n"),
    "imports what is missing": ("app.handler", "import nowhere.at.all\n"),
    "logs, then raises": ("app.handler", "import logging\nlogging.error('before')\n1 / 0\n"),
}
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "text": {},
    "text with level": {"AWS_LAMBDA_LOG_LEVEL": "ERROR"},
    "json": {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
    "3.12": {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12"},
}
CASES = [
    *((f"{name}", "app.handler", body, b"{}", "text") for name, body in FUNCTIONS.items()),
    *((f"{name} event", "app.handler", "return event", event, "text") for name, event in EVENTS.items()),
    *(
        (f"{name} in {where}", "app.handler", FUNCTIONS[name], b"{}", where)
        for name in ("result", "raise deep", "log", "log exception")
        for where in ("text with level", "json", "3.12")
    ),
]


def _source(body: str) -> str:
    return f"def handler(event, context):\n    {body}\n"


def _environ(task: Path, runtime_dir: str, where: str) -> dict[str, str]:
    return {
        "LAMBDA_TASK_ROOT": str(task),
        "LAMBDA_RUNTIME_DIR": runtime_dir,
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "PATH": os.defpath,
        "TZ": ":UTC",
        **ENVIRONMENTS[where],
    }


def _comparable(outcome: Outcome) -> tuple[int, bytes, list[tuple[int, str]]]:
    """Without the moments at which something was logged."""
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
    return outcome.kind, outcome.body, [(level, moment.sub("<moment>", text)) for level, text in outcome.logs]


@pytest.fixture(scope="module")
def same_python(staged: Callable[[str], Installation]) -> Installation:
    return staged(f"python{sys.version_info.major}.{sys.version_info.minor}")


@pytest.mark.parametrize(
    ("handler", "body", "event", "where"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_an_invocation_gives_the_bytes_and_log_events_that_aws_gives(
    handler: str,
    body: str,
    event: bytes,
    where: str,
    aws: Callable[..., Outcome],
    same_python: Installation,
    start: Start,
) -> None:
    (node,) = start(same_python, _source(body))
    (node.task / "helper.py").write_text(HELPER)
    environ = _environ(node.task, same_python.directory, where)
    node.init(handler, environ)
    ours = node.invoke(event, function_arn="arn", deadline_ms=DEADLINE)
    theirs = aws(node.task, handler, event, environ)
    assert _comparable(Outcome(ours.kind, ours.body, ours.logs)) == _comparable(theirs)


@pytest.mark.parametrize("where", ["text", "json"])
@pytest.mark.parametrize("name", INITS)
def test_a_failed_init_gives_the_error_and_log_events_that_aws_gives(
    name: str, where: str, aws: Callable[..., Outcome], same_python: Installation, start: Start
) -> None:
    handler, source = INITS[name]
    (node,) = start(same_python, source)
    (node.task / "helper.py").write_text(HELPER)
    environ = _environ(node.task, same_python.directory, where)
    ours = node.init(handler, environ)
    theirs = aws(node.task, handler, b"{}", environ)
    assert _comparable(Outcome(ours.kind, ours.body, ours.logs)) == _comparable(theirs)
