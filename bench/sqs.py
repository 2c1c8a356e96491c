"""SQS: messages a second, durable each, and whether a queue's depth costs anything: `python -m bench.sqs`.

A shallow queue and a deep one are measured in turn with the same client: a send and a receive must take the
same time in both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import median

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.client import Client, Measurement
from bench.figure import Figure, Goal, table
from bench.node import running
from bench.scale import Scale

DEPTH = 200_000
_SHALLOW = 20_000  # so that receives never find it empty
_BATCH = 10
_CLIENTS = 16
_BODY = "x" * 100
_SAME = Goal(at_most=1.2)
_ALONE = Scale(rounds=7, seconds=0.5)


def measure(client: Client, scale: Scale, have_rival: bool) -> list[Figure]:
    """Rates with 16 clients, and latencies with one, of a deep queue beside a shallow one."""
    with running() as node:
        for name, depth in (("deep", DEPTH), ("shallow", _SHALLOW)):
            client.run(node.port, [_request(node.port, "CreateQueue", QueueName=name)])
            _fill(client, node.port, name, depth)

        def run(name: str, operation: str, clients: int, **members: object) -> Measurement:
            url = _url(node.port, name)
            request = _request(node.port, operation, QueueUrl=url, **members)
            return client.run(node.port, [request], clients=clients, seconds=scale.seconds)

        def send(name: str, clients: int) -> Measurement:
            return run(name, "SendMessage", clients, MessageBody=_BODY)

        def receive(name: str, clients: int) -> Measurement:
            return run(name, "ReceiveMessage", clients, VisibilityTimeout=0)

        figures = []
        for text, act in (("send", send), ("receive", receive)):
            figures += _beside(text, act, scale.rounds)
        return figures


def _beside(text: str, act: Callable[[str, int], Measurement], rounds: int) -> list[Figure]:
    """One operation on the deep queue beside the shallow one, round by round in turn."""
    latencies: dict[str, list[float]] = {"deep": [], "shallow": []}
    rates: dict[str, list[float]] = {"deep": [], "shallow": []}
    for _ in range(rounds):
        for name in latencies:
            latencies[name].append(act(name, 1).p50)
            rates[name].append(act(name, _CLIENTS).rate)
    deep, shallow = median(latencies["deep"]), median(latencies["shallow"])
    return [
        Figure(f"SQS {text}, {DEPTH:,} messages deep, p50", deep, "s", "a shallow queue", shallow, _SAME),
        Figure(
            f"SQS {text}, {_CLIENTS} clients",
            median(rates["deep"]),
            "/s",
            "a shallow queue",
            median(rates["shallow"]),
            Goal(at_least=1 / 1.2),
        ),
    ]


def _fill(client: Client, port: int, name: str, depth: int) -> None:
    entries = [{"Id": str(number), "MessageBody": _BODY} for number in range(_BATCH)]
    request = _request(port, "SendMessageBatch", QueueUrl=_url(port, name), Entries=entries)
    client.run(port, [request] * (depth // _BATCH), clients=_CLIENTS)


def _url(port: int, name: str) -> str:
    return f"http://127.0.0.1:{port}/000000000000/{name}"


def _request(port: int, operation: str, **members: object) -> bytes:
    """A whole HTTP request as an AWS SDK writes it."""
    body = json.dumps(members).encode()
    request = AWSRequest("POST", f"http://127.0.0.1:{port}/", data=body)
    request.headers["Content-Type"] = "application/x-amz-json-1.0"
    request.headers["X-Amz-Target"] = f"AmazonSQS.{operation}"
    SigV4Auth(Credentials("bench", "bench"), "sqs", "us-east-1").add_auth(request)
    lines = ["POST / HTTP/1.1", f"Host: 127.0.0.1:{port}", "User-Agent: bench"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    with Client() as measuring:
        print(table(measure(measuring, _ALONE, have_rival=False)))
