"""A node without a kernel: edge, API and frontend as they are, functions that are coroutines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from tests.support.logs import ListStream
from tests.support.sandboxes import FakeSandbox, Script, echo

from ingle.assignment.assigner import Assigner, AssignmentSettings
from ingle.controlplane.handlers import Handlers, RequestContext
from ingle.counting.counter import Counter
from ingle.edge.app import App
from ingle.edge.hot import HotPath
from ingle.edge.identity import Defaults
from ingle.edge.lambda_api import LambdaApi
from ingle.edge.server import EdgeServer, EdgeSettings, bind
from ingle.frontend.frontend import Frontend
from ingle.frontend.operation import invoke
from ingle.model.clock import FakeClock
from ingle.model.function import EphemeralStorage, FunctionConfiguration, ResolvedFunction
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.states import State
from ingle.telemetry.lines import TextFormatter
from ingle.worker.environment import Environment, Equipment, Owner
from ingle.worker.journal import Journal
from ingle.worker.spec import EnvironmentSpec

ACCOUNT, REGION = "000000000000", "us-east-1"


def function(name: str = "f", generation: str = "g1", **changes: Any) -> ResolvedFunction:
    key = FunctionKey(ACCOUNT, REGION, name)
    given: dict[str, Any] = {
        "function_name": name,
        "function_arn": key.arn,
        "role": "arn:aws:iam::000000000000:role/r",
        "code_size": 1,
        "code_sha256": "",
        "last_modified": "",
        "revision_id": "",
        "timeout": 3,
        "memory_size": 128,
        "ephemeral_storage": EphemeralStorage(512),
        "architectures": ("x86_64",),
        "state": State.ACTIVE,
        "runtime": "python3.12",
        "handler": "app.handler",
    }
    configuration = FunctionConfiguration(**{**given, **changes})
    return ResolvedFunction(key, None, configuration, Path("/code"), generation)


class FakeDirectory:
    """`Directory` over a dictionary."""

    def __init__(self) -> None:
        self.functions: dict[FunctionKey, ResolvedFunction] = {}
        self.watcher: Callable[[FunctionKey], None] = lambda _: None

    def put(self, one: ResolvedFunction) -> None:
        self.functions[one.key] = one
        self.watcher(one.key)

    def delete(self, key: FunctionKey) -> None:
        del self.functions[key]
        self.watcher(key)

    def lookup(self, key: FunctionKey, qualifier: str | None = None) -> ResolvedFunction | None:
        return self.functions.get(key) if qualifier in (None, "$LATEST") else None

    async def resolve(self, reference: FunctionReference) -> ResolvedFunction:
        found = self.lookup(reference.key, reference.qualifier)
        if found is None:
            raise reference.not_found()
        return found

    def on_change(self, watcher: Callable[[FunctionKey], None]) -> None:
        self.watcher = watcher


class FakeMaker:
    """`EnvironmentMaker` of environments that run `script`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.made: list[Environment] = []

    async def make(self, spec: EnvironmentSpec, owner: Owner) -> Environment:
        equipment = Equipment("p", {}, Journal(TextFormatter(), ListStream()), "v")
        self.made.append(Environment(spec, equipment, FakeSandbox(self.script), owner))
        return self.made[-1]

    async def prepare(self, runtime: str) -> None:
        """Nothing to prepare."""


class FakeNode:
    """Everything from the listener to the environments; an async context manager."""

    def __init__(self, script: Script = echo, concurrency: int = 1_000) -> None:
        self.directory = FakeDirectory()
        self.maker = FakeMaker(script)
        self.clock = FakeClock()
        self.counter = Counter(concurrency)
        self.assigner = Assigner(self.maker, AssignmentSettings(memory_budget_mb=1_024))
        self.frontend = Frontend(self.directory, self.counter, self.assigner)
        handlers = Handlers()
        handlers.add("Invoke", self._invoke)
        api = LambdaApi(handlers)
        defaults = Defaults(ACCOUNT, REGION)
        self.hot = HotPath(self.frontend, defaults, api.render_hot)
        self.edge = EdgeServer(EdgeSettings(drain=1), App(api, {}, defaults), self.hot, self.clock.monotonic)
        self.port = 0

    async def _invoke(self, context: RequestContext, params: Mapping[str, Any]) -> dict[str, object]:
        return await invoke(
            self.frontend, context.account, context.region, context.request_id, context.trace_header,
            cast(Any, params),
        )  # fmt: skip

    @property
    def in_flight(self) -> int:
        return self.counter.in_flight((ACCOUNT, REGION))

    async def __aenter__(self) -> FakeNode:
        listener = bind("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        await self.edge.start(listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.edge.stop()
        await self.assigner.close()

    async def connect(self) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))


class Answer:
    """One HTTP response. `headers` has lower-case names."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Raw HTTP, so that a test may say it badly. Every read has a deadline."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> Answer:
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
            }
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split(" ")[1]), headers, body)

    async def invoke(self, body: bytes = b"{}", name: str = "f", headers: str = "") -> Answer:
        self.send(request(body, name, headers))
        return await self.answer()

    async def closed(self) -> bytes:
        """What still comes until the server closes the connection."""
        async with asyncio.timeout(5):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def request(body: bytes = b"{}", name: str = "f", headers: str = "") -> bytes:
    """An Invoke as it goes over the wire. `headers` are whole lines."""
    head = (
        f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\nHost: h\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
