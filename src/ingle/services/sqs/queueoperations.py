"""The operations on queues themselves: create, find, list, set, purge, delete, tags, permissions."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from ingle.model.clock import Clock
from ingle.model.errors import InvalidParameterValue
from ingle.services.sqs import attributes, policy, redrive
from ingle.services.sqs.context import Answer, Context, Handlers
from ingle.services.sqs.errors import PurgeQueueInProgress, UnknownAttribute, invalid
from ingle.services.sqs.finding import Finder, check_name
from ingle.services.sqs.waiting import Rooms
from ingle.store.messages import Messages
from ingle.store.queues import Change, Queue, QueueKey, Queues
from ingle.wire.sqsservice import QueueDoesNotExist

_PAGE = 1_000
_TAGS = 50
_PURGE_INTERVAL = 60_000  # milliseconds
_EXPIRED_AT_ONCE = 1_000
_LONGEST_DELAY = attributes.RANGES["DelaySeconds"].high * 1_000


class QueueOperations:
    """One method for each operation, named as AWS's."""

    def __init__(
        self, queues: Queues, messages: Messages, finder: Finder, rooms: Rooms, clock: Clock
    ) -> None:
        self._queues = queues
        self._messages = messages
        self._finder = finder
        self._rooms = rooms
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {
            "AddPermission": self.add_permission,
            "CreateQueue": self.create_queue,
            "DeleteQueue": self.delete_queue,
            "GetQueueAttributes": self.get_queue_attributes,
            "GetQueueUrl": self.get_queue_url,
            "ListDeadLetterSourceQueues": self.list_dead_letter_source_queues,
            "ListQueueTags": self.list_queue_tags,
            "ListQueues": self.list_queues,
            "PurgeQueue": self.purge_queue,
            "RemovePermission": self.remove_permission,
            "SetQueueAttributes": self.set_queue_attributes,
            "TagQueue": self.tag_queue,
            "UntagQueue": self.untag_queue,
        }

    async def create_queue(self, context: Context, request: Any) -> Answer:
        given: dict[str, str] = request.get("Attributes", {})
        fifo = attributes.check_new(given)
        check_name(request["QueueName"], fifo)
        key = QueueKey(context.account, context.region, request["QueueName"])
        given = await self._checked_policies(key, fifo, given)
        tags = _check_tags(key, request.get("tags", {}))
        change = _change(attributes.merge({}, given), tags)
        by_group = given.get("DeduplicationScope") == "messageGroup"
        queue, new = await self._queues.create(key, change, self._now(), fifo=fifo, by_group=by_group)
        if not new:
            attributes.check_same(queue.attributes, queue.fifo, given)
        return {"QueueUrl": context.url(key)}

    async def delete_queue(self, context: Context, request: Any) -> Answer:
        key = await self._own(context, request, "DeleteQueue")
        await self._queues.delete(key)
        self._rooms.left(key)
        return {}

    async def purge_queue(self, context: Context, request: Any) -> Answer:
        queue = await self._finder.find(context, request["QueueUrl"], "PurgeQueue")
        purged = await self._queues.purge(queue.key, self._now(), _PURGE_INTERVAL)
        if purged is None:
            raise QueueDoesNotExist
        if not purged:
            raise PurgeQueueInProgress(queue.key.name)
        return {}

    async def get_queue_url(self, context: Context, request: Any) -> Answer:
        owner = request.get("QueueOwnerAWSAccountId", context.account)
        key = QueueKey(owner, context.region, request["QueueName"])
        queue = await self._queues.get(key)
        if queue is None:
            raise QueueDoesNotExist
        self._finder.require_access(context, queue, "GetQueueUrl")
        return {"QueueUrl": context.url(key)}

    async def list_queues(self, context: Context, request: Any) -> Answer:
        limit, after = _page(request)
        prefix = request.get("QueueNamePrefix", "")
        names = await self._queues.names(context.account, context.region, prefix, after, limit + 1)
        urls = [context.url(QueueKey(context.account, context.region, name)) for name in names]
        return _paged("QueueUrls", urls, names, limit, "MaxResults" in request)

    async def list_dead_letter_source_queues(self, context: Context, request: Any) -> Answer:
        queue = await self._finder.find(context, request["QueueUrl"], "ListDeadLetterSourceQueues")
        limit, after = _page(request)
        keys = await self._queues.sources(queue.key, after, limit + 1)
        names = [key.name for key in keys]
        answer = _paged("queueUrls", list(map(context.url, keys)), names, limit, "MaxResults" in request)
        return {"queueUrls": [], **answer}

    async def get_queue_attributes(self, context: Context, request: Any) -> Answer:
        names = request.get("AttributeNames", [])
        for name in names:
            if name not in attributes.READABLE:
                raise UnknownAttribute(name)
        queue = await self._finder.find(context, request["QueueUrl"], "GetQueueAttributes")
        if not names:
            return {}
        shown = {**attributes.defaults(queue.fifo), **queue.attributes, **await self._facts(queue, names)}
        if "All" not in names:
            shown = {name: shown[name] for name in names if name in shown}
        return {"Attributes": shown} if shown else {}

    async def set_queue_attributes(self, context: Context, request: Any) -> Answer:
        queue = await self._finder.find(context, request["QueueUrl"], "SetQueueAttributes")
        given: dict[str, str] = request["Attributes"]
        attributes.check(given, queue.fifo)
        given = await self._checked_policies(queue.key, queue.fifo, given)
        await self._update(
            queue.key, lambda old: _change(attributes.merge(old.attributes, given), old.tags), touch=True
        )
        if queue.fifo and "DelaySeconds" in given:
            # A standard queue's new delay is for new messages, a FIFO queue's for those that wait as well.
            delay = int(given["DelaySeconds"]) * 1_000
            await self._messages.delay_again(queue.backlog, delay, _LONGEST_DELAY, self._now())
            self._rooms.arrived(queue.key)
        return {}

    async def list_queue_tags(self, context: Context, request: Any) -> Answer:
        queue = await self._finder.find(context, request["QueueUrl"], "ListQueueTags")
        return {"Tags": dict(queue.tags)} if queue.tags else {}

    async def tag_queue(self, context: Context, request: Any) -> Answer:
        key = await self._own(context, request, "TagQueue")
        given = request["Tags"]
        await self._update(
            key, lambda old: _change(old.attributes, _check_tags(key, {**old.tags, **given})), touch=False
        )
        return {}

    async def untag_queue(self, context: Context, request: Any) -> Answer:
        key = await self._own(context, request, "UntagQueue")
        gone = frozenset(request["TagKeys"])

        def change(old: Queue) -> Change:
            left = {name: value for name, value in old.tags.items() if name not in gone}
            return _change(old.attributes, left)

        await self._update(key, change, touch=False)
        return {}

    async def add_permission(self, context: Context, request: Any) -> Answer:
        key = await self._own(context, request, "AddPermission")

        def change(text: str | None) -> str:
            accounts, actions = request["AWSAccountIds"], request["Actions"]
            return policy.add(text, key, request["Label"], accounts, actions)

        return await self._change_policy(key, change)

    async def remove_permission(self, context: Context, request: Any) -> Answer:
        key = await self._own(context, request, "RemovePermission")
        return await self._change_policy(key, lambda text: policy.remove(text, key, request["Label"]))

    async def _change_policy(self, key: QueueKey, change: Callable[[str | None], str]) -> Answer:
        def work(old: Queue) -> Change:
            given = {"Policy": change(old.attributes.get("Policy"))}
            return _change(attributes.merge(old.attributes, given), old.tags)

        await self._update(key, work, touch=True)
        return {}

    async def _own(self, context: Context, request: Any, action: str) -> QueueKey:
        """The key of the queue that a request names. Raises as `Finder.find`."""
        return (await self._finder.find(context, request["QueueUrl"], action)).key

    async def _update(self, key: QueueKey, change: Callable[[Queue], Change], *, touch: bool) -> None:
        if await self._queues.update(key, change, self._now() if touch else None) is None:
            raise QueueDoesNotExist

    async def _checked_policies(self, key: QueueKey, fifo: bool, given: Mapping[str, str]) -> dict[str, str]:
        """`given`, the redrive policies in it checked and in the form in which they are kept."""
        checked = dict(given)
        if given.get("RedrivePolicy"):
            found = await redrive.check(self._queues, key, fifo, given["RedrivePolicy"])
            checked["RedrivePolicy"] = found.text
        if given.get("RedriveAllowPolicy"):
            redrive.check_allow_policy(given["RedriveAllowPolicy"])
        return checked

    async def _facts(self, queue: Queue, names: list[str]) -> dict[str, str]:
        """The attributes that nobody sets."""
        facts = {
            "QueueArn": queue.key.arn,
            "CreatedTimestamp": str(queue.created_at // 1_000),
            "LastModifiedTimestamp": str(queue.modified_at // 1_000),
        }
        if any(name == "All" or name.startswith("Approximate") for name in names):
            await self.expire(queue)
            counts = await self._messages.counts(queue.backlog, self._now())
            facts["ApproximateNumberOfMessages"] = str(counts.visible)
            facts["ApproximateNumberOfMessagesNotVisible"] = str(counts.in_flight)
            facts["ApproximateNumberOfMessagesDelayed"] = str(counts.delayed)
        return facts

    async def expire(self, queue: Queue) -> None:
        """Delete the messages of a queue that are past their retention, a part at a time."""
        retention = attributes.seconds(queue.attributes, "MessageRetentionPeriod") * 1_000
        before = self._now() - retention
        while await self._messages.expire(queue.backlog, before, _EXPIRED_AT_ONCE) == _EXPIRED_AT_ONCE:
            pass

    def _now(self) -> int:
        return int(self._clock.time() * 1_000)


def _change(attributes: Mapping[str, str], tags: Mapping[str, str]) -> Change:
    text = attributes.get("RedrivePolicy")
    target = None if text is None else str(json.loads(text)["deadLetterTargetArn"])
    kept = {name: value for name, value in attributes.items() if name != "FifoQueue"}
    return Change(kept, tags, target)


def _check_tags(key: QueueKey, tags: Mapping[str, str]) -> Mapping[str, str]:
    if len(tags) > _TAGS:
        raise InvalidParameterValue(f"Too many tags added for queue {key.name}.")
    return tags


def _page(request: Any) -> tuple[int, str]:
    """The length of a page, and the name after which it begins."""
    limit = request.get("MaxResults", _PAGE)
    if not 1 <= limit <= _PAGE:
        raise invalid("MaxResults", limit, f"Must be between 1 and {_PAGE}, if provided.")
    token = request.get("NextToken")
    if not token:
        return limit, ""
    try:
        return limit, b64decode(token, validate=True).decode()
    except ValueError:
        raise InvalidParameterValue("Invalid or expired next token.") from None


def _paged(member: str, urls: list[str], names: list[str], limit: int, with_token: bool) -> Answer:
    """AWS gives a token only to a caller who said how long a page shall be."""
    answer: Answer = {member: urls[:limit]} if urls else {}
    if with_token and len(names) > limit:
        answer["NextToken"] = b64encode(names[limit - 1].encode()).decode()
    return answer
