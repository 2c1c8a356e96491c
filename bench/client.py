"""The client that measures: the same for Ingle, floors and rivals; cheap, and a process of its own.

Non-blocking sockets, request bytes made ahead, keep-alive, one thread on epoll. It reads jobs as JSON lines
and answers each with one, so that no measurement pays for the start of an interpreter.
"""

from __future__ import annotations

import base64
import gc
import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from statistics import quantiles

from bench.figure import BenchError

_PATIENCE = 30.0  # seconds for any one answer
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Job:
    """requests: base64 of whole HTTP requests. With `seconds`, they are sent again and again for so long,
    after a tenth of it for warming up; else each once, `pause` seconds after the answer before."""

    port: int
    requests: tuple[str, ...]
    clients: int = 1
    seconds: float = 0.0
    pause: float = 0.0
    status: int = 200


@dataclass(frozen=True)
class Measurement:
    """Latencies in seconds, sorted; rate in answers per second; elapsed in seconds, warm-up included."""

    latencies: list[float]
    answers: int
    elapsed: float

    @property
    def p50(self) -> float:
        return self.latencies[len(self.latencies) // 2]

    @property
    def p99(self) -> float:
        return quantiles(self.latencies, n=100)[98]

    @property
    def rate(self) -> float:
        return self.answers / self.elapsed


class Client:
    """Owns the client process; a context manager."""

    def __enter__(self) -> Client:
        command = [sys.executable, "-m", "bench.client"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.wait()

    def run(
        self,
        port: int,
        requests: Sequence[bytes],
        *,
        clients: int = 1,
        seconds: float = 0.0,
        pause: float = 0.0,
        status: int = 200,
    ) -> Measurement:
        """Raises BenchError where an answer has another status, or none comes in 30 s."""
        encoded = tuple(base64.b64encode(request).decode() for request in requests)
        job = Job(port, encoded, clients, seconds, pause, status)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the client ended"}')
        if not answer.get("latencies"):
            answer.setdefault("error", "no answer in the time that was measured")
        if "error" in answer:
            raise BenchError(answer["error"])
        return Measurement(**answer)


class _Connection:
    """One client: a socket, and the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.sent = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self, status: bytes) -> bool:
        """Whether the answer is whole now. Raises BenchError where it is not the one that was expected."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise BenchError("a connection was closed in the middle of an answer")
        if self._received:
            data = self._received + data
        head = data.find(_HEAD_END)
        if head < 0 or len(data) < head + 4 + _content_length(data[:head]):
            self._received = data
            return False
        self._received = b""
        if data[9:12] != status:
            raise BenchError(data[:2000].decode("latin-1"))
        return True


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    if at < 0:
        raise BenchError(f"an answer without a length: {head!r}")
    return int(head[at + 17 :].partition(b"\r\n")[0])


class _Run:
    """One job under way."""

    def __init__(self, job: Job) -> None:
        requests = [base64.b64decode(text) for text in job.requests]
        self._requests: Iterator[bytes] = cycle(requests) if job.seconds else iter(requests)
        self._job = job
        self._status = str(job.status).encode()
        self._latencies: list[float] = []
        self._poll = select.epoll()
        self._connections = {}
        for connection in (_Connection(job.port) for _ in range(job.clients)):
            self._connections[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN)

    def run(self) -> Measurement:
        started = time.perf_counter()
        warm = started + self._job.seconds / 10
        end = started + self._job.seconds if self._job.seconds else float("inf")
        answers = self._serve(warm if self._job.seconds else 0.0, end)
        elapsed = time.perf_counter() - started
        for connection in self._connections.values():
            connection.socket.close()
        self._poll.close()
        return Measurement(sorted(self._latencies), answers, elapsed)

    def _serve(self, warm: float, end: float) -> int:
        answers = 0
        waiting = sum(self._next(connection) for connection in self._connections.values())
        while waiting:
            ready = self._poll.poll(_PATIENCE)
            if not ready:
                raise BenchError(f"no answer within {_PATIENCE:.0f} s")
            for fd, _ in ready:
                connection = self._connections[fd]
                if not connection.receive(self._status):
                    continue
                now = time.perf_counter()
                answers += 1
                if connection.sent >= warm:
                    self._latencies.append(now - connection.sent)
                if now >= end or not self._next(connection):
                    waiting -= 1
        return answers

    def _next(self, connection: _Connection) -> bool:
        request = next(self._requests, None)
        if request is None:
            return False
        if self._job.pause and self._latencies:
            time.sleep(self._job.pause)
        connection.send(request)
        return True


def _main() -> None:
    gc.disable()
    for line in sys.stdin:
        try:
            answer = asdict(_Run(Job(**json.loads(line))).run())
        except (BenchError, OSError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _main()
