"""A user's own endpoint: what arrives there is signed for it, and its answers come back whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from ingle.edge.identity import Caller
from ingle.services import Streamed
from ingle.services.library import Credentials, Remote
from ingle.wire import Request, verify

CALLER = Caller("000000000000", "eu-west-1", "ssm", "client")
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret")


class Endpoint:
    """Takes one request at a time and answers with `answer`; `seen` has the last one."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.seen = Request("", "")

    async def __aenter__(self) -> Endpoint:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        self.seen = Request(method, path, query, headers, body)
        writer.write(self.answer)
        writer.close()


async def _parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def _ask(endpoint: Endpoint, name: str, request: Request, *body: bytes) -> tuple[Streamed, bytes]:
    remote = Remote(f"http://127.0.0.1:{endpoint.port}", CREDENTIALS)
    answer = await remote.serve(name, request, _parts(*body), CALLER)
    content = b"".join([part async for part in answer.body])
    answer.close()
    return answer, content


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-a: b\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-a: b\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\nx-a: b\r\n\r\nhi"


@pytest.mark.parametrize("written", [OK, CHUNKED, UNFRAMED])
async def test_a_request_is_signed_anew_and_answered(written: bytes) -> None:
    async with Endpoint(written) as endpoint:
        request = Request(
            "POST",
            "/",
            "",
            {"host": "us", "authorization": "AWS4 old", "content-length": "4", "x-amz-target": "T.O"},
        )
        answer, content = await _ask(endpoint, "ssm", request, b"bo", b"dy")
    assert (answer.status, dict(answer.headers)["x-a"], content) == (200, "b", b"hi")
    assert (endpoint.seen.body, endpoint.seen.headers["x-amz-target"]) == (b"body", "T.O")
    scope = verify(endpoint.seen, "secret", datetime.now(UTC))
    assert (scope.access_key_id, scope.region, scope.service) == ("AKIDEXAMPLE", "eu-west-1", "ssm")


async def test_nothing_of_the_clients_own_signature_goes_along() -> None:
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Signature=s&versionId=1"
    async with Endpoint(OK) as endpoint:
        await _ask(endpoint, "s3", Request("GET", "/b/a%2Fb", query, {"host": "us"}))
    assert (endpoint.seen.path, endpoint.seen.query) == ("/b/a%2Fb", "versionId=1")
    assert endpoint.seen.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")


async def test_a_body_signed_in_pieces_is_refused() -> None:
    headers = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "content-length": "1"}
    remote = Remote("http://127.0.0.1:1", CREDENTIALS)
    answer = await remote.serve("s3", Request("PUT", "/b/k", "", headers), _parts(b"x"), CALLER)
    assert answer.status == 501


async def test_an_endpoint_that_is_not_there_is_an_error_to_retry() -> None:
    async with Endpoint(b"") as endpoint:
        pass
    answer, content = await _ask(endpoint, "ssm", Request("POST", "/", "", {"x-amz-target": "T.O"}))
    assert (answer.status, b"ServiceUnavailable" in content) == (503, True)


@pytest.mark.parametrize("written", [b"", b"HTTP/1.1 20", b"rubbish\r\n\r\n"])
async def test_an_answer_that_is_none_is_an_error_to_retry(written: bytes) -> None:
    async with Endpoint(written) as endpoint:
        answer, _ = await _ask(endpoint, "ssm", Request("GET", "/"))
    assert answer.status == 503
