"""`kill -9` at any moment: every message that was acknowledged is there, and none that was deleted returns.

Run as a program, this file is the node that gets killed: clients send, receive and delete as fast as they
can, and write a line for each answer that they got.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingle.model.clock import SystemClock
from ingle.services.sqs import Sqs
from ingle.services.sqs.context import Context
from ingle.store import Database

CONTEXT = Context("000000000000", "us-east-1", "http://127.0.0.1:4566")
CLIENTS = 8


async def _client(number: int, sqs: Sqs, url: str, fifo: bool) -> None:
    for count in range(100_000):
        body = f"{number}-{count:06}"
        members: dict[str, Any] = {"QueueUrl": url, "MessageBody": body}
        if fifo:
            members |= {"MessageGroupId": str(number), "MessageDeduplicationId": body}
        await sqs.call("SendMessage", CONTEXT, members)
        print("sent", body, flush=True)
        if count % 2:
            answer = await sqs.call("ReceiveMessage", CONTEXT, {"QueueUrl": url, "VisibilityTimeout": 30})
            for message in answer.get("Messages", []):
                receipt = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
                print("deleting", message["Body"], flush=True)
                await sqs.call("DeleteMessage", CONTEXT, receipt)
                print("deleted", message["Body"], flush=True)


async def _node(path: Path, fifo: bool) -> None:
    sqs = Sqs(await Database.open(path), SystemClock())
    url = await _create(sqs, fifo)
    await asyncio.gather(*(_client(number, sqs, url, fifo) for number in range(CLIENTS)))


async def _create(sqs: Sqs, fifo: bool) -> str:
    name, attributes = ("q.fifo", {"FifoQueue": "true"}) if fifo else ("q", {})
    answer = await sqs.call("CreateQueue", CONTEXT, {"QueueName": name, "Attributes": attributes})
    return str(answer["QueueUrl"])


def _killed_after(lines: int, path: Path, fifo: bool) -> dict[str, set[str]]:
    """Run the node until it has written so many lines, kill it, and return the messages by what was said."""
    command = [sys.executable, __file__, str(path), "fifo" if fifo else "standard"]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        said = [node.stdout.readline() for _ in range(lines)]
        node.send_signal(signal.SIGKILL)
        said += node.stdout.read().splitlines(keepends=True)  # what was on its way to us
    finally:
        node.kill()
        node.wait(10)
        node.stdout.close()
    whole = [line.split() for line in said if line.endswith("\n")]
    assert len(whole) >= lines, "the node ended by itself"
    told: dict[str, set[str]] = {"sent": set(), "deleting": set(), "deleted": set()}
    for word, body in whole:
        told[word].add(body)
    return told


class Later:
    """A clock at which every visibility timeout of the killed node has ended."""

    def time(self) -> float:
        return SystemClock().time() + 60

    def monotonic(self) -> float:
        return SystemClock().monotonic()


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
@pytest.mark.parametrize("lines", [1, 20, 300])
async def test_every_acknowledged_message_survives_and_no_deleted_one_does(
    lines: int, fifo: bool, tmp_path: Path
) -> None:
    told = _killed_after(lines, tmp_path / "x.db", fifo)
    database = await Database.open(tmp_path / "x.db")
    sqs = Sqs(database, Later())
    url = await _create(sqs, fifo)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counted = await sqs.call("GetQueueAttributes", CONTEXT, {"QueueUrl": url, "AttributeNames": names})
    members = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1_000}
    found: list[str] = []
    while messages := (await sqs.call("ReceiveMessage", CONTEXT, members)).get("Messages"):
        found += [message["Body"] for message in messages]
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
        deleted = await sqs.call("DeleteMessageBatch", CONTEXT, {"QueueUrl": url, "Entries": entries})
        assert len(deleted["Successful"]) == len(messages)
    await database.close()
    assert len(found) == len(set(found)), "a message was delivered twice"
    assert told["sent"] - told["deleting"] <= set(found), "a message was acknowledged and lost"
    assert not told["deleted"] & set(found), "a deleted message came back"
    assert counted["Attributes"] == {names[0]: str(len(found)), names[1]: "0"}
    if fifo:
        for number in range(CLIENTS):
            group = [body for body in found if body.startswith(f"{number}-")]
            assert group == sorted(group), "a group's order was lost"


if __name__ == "__main__":
    asyncio.run(_node(Path(sys.argv[1]), sys.argv[2] == "fifo"))
