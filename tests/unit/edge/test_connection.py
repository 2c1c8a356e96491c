"""One connection: the hot path and the general one are one, and bad HTTP harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.node import Answer, FakeNode, function, request
from tests.support.sandboxes import Program, echo, hang

from ingle.edge.connection import MAX_HEADER_BYTES
from ingle.model.states import State

SIGNED = (
    "Authorization: AWS4-HMAC-SHA256 Credential={}/20260101/{}/{}/aws4_request, "
    "SignedHeaders=host, Signature=0\r\n"
)


async def fails(program: Program) -> None:
    await program.ready()
    while True:
        meta, _ = await program.take_invoke()
        program.write("said\n")
        program.fail(meta["request_id"], {"errorType": "ValueError", "errorMessage": "no"})


async def ready_and_hang(program: Program) -> None:
    await program.ready()
    await hang(program)


def chunked(body: bytes, headers: str = "", name: str = "f") -> bytes:
    """The same request, in chunks: the hot path leaves it to the general way."""
    head = (
        f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\nHost: h\r\n{headers}"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    parts = [body[:1], body[1:]] if len(body) > 1 else [body]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts if p) + b"0\r\n\r\n"


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something that no event tells of; 5 s at most."""
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110 - the server tells its clients, not its tests
            await asyncio.sleep(0)


def comparable(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """Without what differs from answer to answer."""
    varying = {"date", "x-amzn-requestid", "x-amzn-trace-id", "x-amz-log-result"}
    headers = {name: value for name, value in answer.headers.items() if name not in varying}
    return answer.status, headers, answer.body


@pytest.mark.parametrize(
    ("script", "body", "headers"),
    [
        pytest.param("echo", b'{"a":1}', "", id="plain"),
        pytest.param("echo", b"", "", id="empty"),
        pytest.param("echo", b"{", "", id="no JSON"),
        pytest.param("fails", b"1", "", id="the function fails"),
        pytest.param("fails", b"1", "X-Amz-Log-Type: Tail\r\n", id="with its log"),
        pytest.param("echo", b"1", "X-Amz-Log-Type: None\r\n", id="no log"),
        pytest.param("echo", b"1", "X-Amz-Invocation-Type: RequestResponse\r\n", id="said aloud"),
        pytest.param("echo", b"1", SIGNED.format("AKID", "us-east-1", "lambda"), id="signed"),
        pytest.param("echo", b"1", SIGNED.format("AKID", "eu-west-1", "lambda"), id="another region"),
        pytest.param("echo", b"1", SIGNED.format("111111111111", "us-east-1", "lambda"), id="account"),
        pytest.param("echo", b"1", SIGNED.format("AKID", "us-east-1", "sqs"), id="another service"),
        pytest.param("echo", b"1", "Authorization: AWS4-HMAC-SHA256 Credential=a\r\n", id="half signed"),
        pytest.param("throttled", b"1", "", id="throttled"),
    ],
)
async def test_both_ways_give_the_same_answer(script: str, body: bytes, headers: str) -> None:
    scripts: dict[str, Any] = {"echo": echo, "fails": fails, "throttled": echo}
    async with FakeNode(scripts[script], concurrency=0 if script == "throttled" else 10) as node:
        node.directory.put(function())
        client = await node.connect()
        await client.invoke(headers=SIGNED.format("AKID", "us-east-1", "lambda"))  # is remembered
        client.send(request(body, headers=headers))
        hot = await client.answer()
        client.send(chunked(body, headers=headers))
        general = await client.answer()
        assert comparable(hot) == comparable(general)
        assert set(hot.headers) == set(general.headers)
        await client.close()


async def test_a_plain_invocation_is_served_on_the_hot_path(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeNode() as node:
        node.directory.put(function())

        async def never(*_: object) -> dict[str, object]:
            raise AssertionError("the general way was taken")

        monkeypatch.setattr(node.edge._config, "loaded_app", never)
        client = await node.connect()
        answer = await client.invoke(b"[1]")
        assert (answer.status, answer.body) == (200, b"[1]")
        assert answer.headers["x-amz-executed-version"] == "$LATEST"
        await client.close()


async def test_a_function_that_is_not_there_or_not_ready_is_refused() -> None:
    async with FakeNode() as node:
        node.directory.put(function("pending", state=State.PENDING))
        client = await node.connect()
        assert (await client.invoke(name="nobody")).status == 404
        assert (await client.invoke(name="pending")).status == 409
        await client.close()


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        client.send(b"".join(request(b"%d" % n) for n in range(5)))
        assert [(await client.answer()).body for _ in range(5)] == [b"%d" % n for n in range(5)]
        assert (await client.invoke(b"6")).body == b"6"
        await client.close()


async def test_a_pipelined_request_still_coming_survives_the_answer_to_the_one_before() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        await client.invoke()
        second = request(b"[2]")
        client.send(request(b"[1]") + second[:-2])
        assert (await client.answer()).body == b"[1]"
        client.send(second[-2:])
        assert (await client.answer()).body == b"[2]"
        await client.close()


@pytest.mark.parametrize("way", [request, chunked])
async def test_expect_100_continue_is_continued(way: Any) -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        head, _, body = way(b"[1]", headers="Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        client.send(head + b"\r\n\r\n")
        assert (await client.answer()).status == 100
        client.send(body)
        assert (await client.answer()).body == b"[1]"
        await client.close()


async def test_a_body_byte_by_byte_is_a_body() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        for byte in request(b'{"a": 1}'):
            client.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await client.answer()).body == b'{"a": 1}'
        await client.close()


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /2015-03-31/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        chunked(b"").split(b"\r\n\r\n")[0] + b"\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_gets_400_and_is_closed(data: bytes) -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        client.send(data)
        assert (await client.closed()).startswith(b"HTTP/1.1 400 ")
        other = await node.connect()
        assert (await other.invoke(b"1")).body == b"1"
        for one in (client, other):
            await one.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nA: " + b"x" * MAX_HEADER_BYTES,
        b"GET /" + b"x" * MAX_HEADER_BYTES + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\n" + b"a:\r\n" * (MAX_HEADER_BYTES // 32),
    ],
)
async def test_headers_over_the_limit_get_431_and_are_closed(head: bytes) -> None:
    async with FakeNode() as node:
        client = await node.connect()
        client.send(head + b"\r\n\r\n")
        # Who is still sending then is reset by the kernel, and reads no answer.
        with contextlib.suppress(ConnectionResetError):
            assert (await client.closed()).startswith(b"HTTP/1.1 431 ")
        await until(lambda: node.edge.connections == 0)
        client.writer.transport.abort()


async def test_a_client_that_goes_away_before_its_function_starts_is_not_served() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        gate = asyncio.Event()
        make = node.maker.make

        async def wait(*args: Any) -> Any:
            await gate.wait()
            return await make(*args)

        node.maker.make = wait  # type: ignore[method-assign, assignment]
        client = await node.connect()
        client.send(request(b"[1]"))
        await until(lambda: node.in_flight > 0)
        await client.close()
        await until(lambda: node.edge.connections == 0)
        gate.set()
        await until(lambda: node.in_flight == 0)
        assert [e._start_logged for e in node.maker.made] == [False]


async def test_a_bug_of_ours_is_a_service_exception_not_a_bad_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeNode() as node:
        node.directory.put(function())

        def broken(*_: object) -> None:
            raise AssertionError("a bug")

        monkeypatch.setattr(node.assigner, "assign", broken)
        client = await node.connect()
        answer = await client.invoke()
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (500, "ServiceException")
        assert "a bug" in caplog.text
        assert node.in_flight == 0
        await client.close()


async def test_too_large_a_payload_is_413_and_the_connection_is_still_good() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        answer = await client.invoke(b'"' + b"x" * 6_291_456 + b'"')
        assert answer.status == 413
        assert answer.headers["x-amzn-errortype"].startswith("RequestTooLargeException")
        assert (await client.invoke(b"1")).body == b"1"
        await client.close()


async def test_idle_connections_are_closed_in_time_and_busy_ones_are_not() -> None:
    async with FakeNode(ready_and_hang) as node:
        node.directory.put(function(timeout=900))
        idle, busy = await node.connect(), await node.connect()
        busy.send(request())
        await until(lambda: node.in_flight > 0 and node.edge.connections == 2)
        node.clock.advance(74)
        node.edge.sweep()
        await asyncio.sleep(0)
        assert node.edge.connections == 2
        node.clock.advance(2)
        node.edge.sweep()
        assert await idle.closed() == b""
        assert node.edge.connections == 1
        for client in (idle, busy):
            await client.close()


async def test_a_request_that_trickles_in_is_closed_after_the_request_limit() -> None:
    async with FakeNode() as node:
        client = await node.connect()
        for _ in range(6):
            client.send(b"P" if node.clock.monotonic() == 0 else b"")
            client.send(b"")
            await asyncio.sleep(0.001)
            node.clock.advance(49)
            node.edge.sweep()
        assert node.edge.connections == 1
        node.clock.advance(49)
        node.edge.sweep()
        assert await client.closed() == b""
        await client.close()


async def test_a_client_that_does_not_take_its_answer_is_let_go() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        raw = socket.create_connection(("127.0.0.1", node.port))
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        body = b'"' + b"x" * 6_000_000 + b'"'
        await loop.sock_sendall(raw, request(body))
        await until(lambda: node.edge._state.total_requests > 0)
        for _ in range(2):
            node.clock.advance(76)
            node.edge.sweep()
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert node.edge.connections == 0
        raw.close()


async def test_stop_lets_a_running_invocation_finish() -> None:
    gate = asyncio.Event()

    async def waits(program: Program) -> None:
        await program.ready()
        meta, event = await program.take_invoke()
        await gate.wait()
        program.respond(meta["request_id"], event)

    async with FakeNode(waits) as node:
        node.directory.put(function())
        client, idle = await node.connect(), await node.connect()
        client.send(request(b"[1]"))
        await until(lambda: node.in_flight > 0)
        stopping = asyncio.create_task(node.edge.stop())
        assert await idle.closed() == b""
        gate.set()
        assert (await client.answer()).body == b"[1]"
        await stopping
        assert node.edge.connections == 0
        for one in (client, idle):
            await one.close()
