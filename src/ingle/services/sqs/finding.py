"""Which queue a request means, and whether the caller may use it.

A queue's URL is read from its end, so that it holds whatever host name or port the node is reached by; only
`sqs.<region>.` at its beginning says something. A name alone will do, as on AWS.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ingle.model.errors import AccessDenied, InvalidParameterValue
from ingle.services.sqs import policy, redrive
from ingle.services.sqs.context import Context
from ingle.services.sqs.errors import InvalidAddress
from ingle.store.message import StaleBacklog
from ingle.store.queues import Queue, QueueKey, Queues
from ingle.wire.sqsservice import QueueDoesNotExist

T = TypeVar("T")

_URL = re.compile(
    r"https?://(?P<host>[^/]*)/(?:[^?]*/)?(?P<account>[0-9]{12})/(?P<name>[A-Za-z0-9_-]+(?:\.fifo)?)/?"
)
_BARE_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.fifo)?")
_HOST = re.compile(r"sqs\.(?P<region>[a-z0-9-]+)\.")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_FIFO_SUFFIX = ".fifo"
_ATTEMPTS = 3  # to find a queue that is being purged or made anew


def check_name(name: str, fifo: bool) -> None:
    """Refuse a name that a new queue must not have. Raises InvalidParameterValue."""
    if fifo:
        # The suffix counts towards the length.
        if not name.endswith(_FIFO_SUFFIX) or not _NAME.fullmatch(name.replace(_FIFO_SUFFIX, "_fifo")):
            raise InvalidParameterValue(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
                "must end with .fifo suffix and be 1 to 80 in length"
            )
    elif not _NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def key_of(url: str, context: Context) -> QueueKey:
    """The queue that a URL names. Raises QueueDoesNotExist for an empty one, InvalidAddress."""
    if not url:
        raise QueueDoesNotExist
    if _BARE_NAME.fullmatch(url):
        return QueueKey(context.account, context.region, url)
    match = _URL.fullmatch(url)
    if match is None:
        raise InvalidAddress(url)
    host = _HOST.match(match["host"])
    region = host["region"] if host else context.region
    return QueueKey(match["account"], region, match["name"])


class Finder:
    """Finds queues for operations."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    async def find(self, context: Context, url: str, action: str) -> Queue:
        """The queue at `url`. Raises QueueDoesNotExist, and AccessDenied for another account's queue whose
        policy does not let the caller do `action`."""
        queue = await self._queues.get(key_of(url, context))
        if queue is None:
            raise QueueDoesNotExist
        self.require_access(context, queue, action)
        return queue

    @staticmethod
    def require_access(context: Context, queue: Queue, action: str) -> None:
        """Raises AccessDenied."""
        if queue.key.account == context.account:
            return
        if not policy.permits(queue.attributes.get("Policy"), context.account, action):
            raise AccessDenied(
                f"User: arn:aws:iam::{context.account}:root is not authorized to perform: "
                f"sqs:{action.lower()} on resource: {queue.key.arn} because no resource-based policy allows "
                f"the sqs:{action.lower()} action"
            )

    async def use(self, context: Context, url: str, action: str, work: Callable[[Queue], Awaitable[T]]) -> T:
        """Do `work` with the queue at `url`; once more where the queue was purged or made anew meanwhile.

        Raises as `find`.
        """
        for _ in range(_ATTEMPTS):
            queue = await self.find(context, url, action)
            try:
                return await work(queue)
            except StaleBacklog:
                self.forget(queue)
        raise QueueDoesNotExist

    def forget(self, queue: Queue) -> None:
        """What is remembered of a queue, or of its dead-letter queue, is old."""
        self._queues.forget(queue.key)
        letters = redrive.of(queue)
        if letters is not None:
            self._queues.forget(letters.target)
