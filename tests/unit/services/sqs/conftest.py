"""SQS without HTTP, over a store in memory, with time moved by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.inline import InlineDatabase

from ingle.model.errors import CallerError
from ingle.services.sqs import Sqs
from ingle.services.sqs.context import Context

ACCOUNT, REGION = "000000000000", "us-east-1"
CONTEXT = Context(ACCOUNT, REGION, "http://127.0.0.1:4566")
_EPOCH = 1_767_225_600.0


class HandClock:
    """The time of the loop, which the test moves where it is a `HandLoop`, and what the test adds."""

    def __init__(self) -> None:
        self.added = 0.0

    def time(self) -> float:
        return _EPOCH + self.monotonic()

    def monotonic(self) -> float:
        return self.added + (asyncio.get_running_loop().time() if _hand_moved() else 0.0)

    def advance(self, seconds: float) -> None:
        self.added += seconds


def _hand_moved() -> bool:
    return hasattr(asyncio.get_running_loop(), "advance")


class Queues:
    """The service, spoken to in its own words."""

    def __init__(self, database: InlineDatabase | None = None, clock: HandClock | None = None) -> None:
        self.database = database or InlineDatabase()
        self.clock = clock or HandClock()
        self._sqs: Any = None

    @property
    def sqs(self) -> Sqs:
        if self._sqs is None:
            self._sqs = Sqs(self.database, self.clock)  # type: ignore[arg-type] # does what a Database does
        return self._sqs  # type: ignore[no-any-return]

    async def call(self, operation: str, /, context: Context = CONTEXT, **members: Any) -> dict[str, Any]:
        return await self.sqs.call(operation, context, members)

    async def refused(self, operation: str, /, context: Context = CONTEXT, **members: Any) -> CallerError:
        """The error with which an operation is refused."""
        try:
            answer = await self.call(operation, context, **members)
        except CallerError as error:
            return error
        raise AssertionError(f"not refused, but answered: {answer}")

    async def create(self, name: str = "q", /, **attributes: str) -> str:
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        answer = await self.call("CreateQueue", QueueName=name, Attributes=attributes)
        return str(answer["QueueUrl"])

    async def send(self, url: str, body: str = "body", /, group: str | None = None, **members: Any) -> Any:
        if group is not None:
            members["MessageGroupId"] = group
            members.setdefault("MessageDeduplicationId", body)
        return await self.call("SendMessage", QueueUrl=url, MessageBody=body, **members)

    async def receive(self, url: str, limit: int = 10, /, **members: Any) -> list[dict[str, Any]]:
        answer = await self.call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=limit, **members)
        return list(answer.get("Messages", []))

    async def bodies(self, url: str, limit: int = 10, /, **members: Any) -> list[str]:
        return [message["Body"] for message in await self.receive(url, limit, **members)]

    async def delete(self, url: str, message: dict[str, Any]) -> None:
        await self.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    async def attribute(self, url: str, name: str) -> str | None:
        answer = await self.call("GetQueueAttributes", QueueUrl=url, AttributeNames=[name])
        found: str | None = answer.get("Attributes", {}).get(name)
        return found

    async def counts(self, url: str) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        names = ["", "NotVisible", "Delayed"]
        found = [await self.attribute(url, f"ApproximateNumberOfMessages{name}") for name in names]
        visible, in_flight, delayed = (int(each or 0) for each in found)
        return visible, in_flight, delayed

    async def with_dead_letters(self, name: str = "q", most: int = 1) -> tuple[str, str]:
        """A queue and its dead-letter queue."""
        suffix = ".fifo" if name.endswith(".fifo") else ""
        letters = await self.create(f"letters{suffix}")
        arn = await self.attribute(letters, "QueueArn")
        policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{most}}}'
        return await self.create(name, RedrivePolicy=policy), letters


@pytest.fixture
def queues() -> Queues:
    return Queues()
