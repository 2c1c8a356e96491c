"""CloudWatch Logs without HTTP, over its real database, with time moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingle.model.clock import FakeClock
from ingle.model.errors import CallerError
from ingle.services.logs import Logs
from ingle.services.logs.context import Context
from ingle.store.logdatabase import open_logs
from ingle.telemetry.logs import Gathered

ACCOUNT, REGION = "000000000000", "us-east-1"
CONTEXT = Context(ACCOUNT, REGION)
DAY = 86_400_000


class LogsUnderTest:
    """The service, spoken to in its own words. It has the group `g` with the stream `s`."""

    def __init__(self, service: Logs, clock: FakeClock, path: Path) -> None:
        self.service = service
        self.clock = clock
        self.path = path

    @property
    def now(self) -> int:
        return int(self.clock.time() * 1_000)

    async def call(self, operation: str, /, context: Context = CONTEXT, **members: Any) -> dict[str, Any]:
        return await self.service.call(operation, context, members)

    async def refused(self, operation: str, /, context: Context = CONTEXT, **members: Any) -> CallerError:
        """The error with which an operation is refused."""
        try:
            answer = await self.call(operation, context, **members)
        except CallerError as error:
            return error
        raise AssertionError(f"not refused, but answered: {answer}")

    async def put(self, *messages: str, stream: str = "s", at: int | None = None) -> dict[str, Any]:
        moment = self.now if at is None else at
        events = [{"timestamp": moment, "message": message} for message in messages]
        return await self.call("PutLogEvents", logGroupName="g", logStreamName=stream, logEvents=events)

    async def found(self, pattern: str = "", **members: Any) -> list[str]:
        """The messages that FilterLogEvents finds on all its pages."""
        messages: list[str] = []
        while True:
            answer = await self.call("FilterLogEvents", logGroupName="g", filterPattern=pattern, **members)
            messages += [event["message"] for event in answer["events"]]
            if "nextToken" not in answer:
                return messages
            members["nextToken"] = answer["nextToken"]

    async def gathered(self, group: str, stream: str, *texts: str) -> None:
        """What functions have written comes in."""
        events = [(self.now, text) for text in texts]
        await self.service.sink.write([Gathered(ACCOUNT, REGION, group, stream, events)])


@pytest.fixture
async def logs(tmp_path: Path) -> AsyncIterator[LogsUnderTest]:
    path = tmp_path / "logs.db"
    database = await open_logs(path)
    clock = FakeClock()
    service = Logs(database, clock)
    under_test = LogsUnderTest(service, clock, path)
    await under_test.call("CreateLogGroup", logGroupName="g")
    await under_test.call("CreateLogStream", logGroupName="g", logStreamName="s")
    yield under_test
    await service.close()
    await database.close()
