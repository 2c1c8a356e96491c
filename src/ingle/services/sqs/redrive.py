"""Dead-letter queues: the policy that names one, and the policy by which it says whose it is.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ingle.services.sqs.errors import invalid
from ingle.store.queues import Queue, QueueKey, Queues

_SOURCES = 10  # that an allow policy may name
_PERMISSIONS = ("allowAll", "denyAll", "byQueue")
_MANDATORY = ("maxReceiveCount", "deadLetterTargetArn")


@dataclass(frozen=True, slots=True)
class RedrivePolicy:
    """After `max_receives` receives a message goes to `target`, which may no longer exist."""

    target: QueueKey
    max_receives: int

    @property
    def text(self) -> str:
        """The policy as AWS keeps it, whatever the form in which it was set."""
        document = {"deadLetterTargetArn": self.target.arn, "maxReceiveCount": self.max_receives}
        return json.dumps(document, separators=(",", ":"))


def parse(text: str) -> RedrivePolicy:
    """The policy in an attribute, which is a JSON object. Raises InvalidParameterValue."""
    document = json.loads(text)
    for name in _MANDATORY:
        if document.get(name) in (None, ""):
            raise _invalid(text, f"Redrive policy does not contain mandatory attribute: {name}.")
    given = document["maxReceiveCount"]
    digits = str(given)
    if isinstance(given, bool) or not (
        digits.isascii() and digits.isdigit() and 1 <= int(digits[:9]) <= 1_000
    ):
        raise _invalid(
            text,
            f"Invalid value for maxReceiveCount: {given}, valid values are from 1 to 1000 both inclusive.",
        )
    target = QueueKey.of_arn(str(document["deadLetterTargetArn"]))
    if target is None:
        raise _invalid(text, "Only SQS queues are valid resources for deadLetterTargetArn.")
    return RedrivePolicy(target, int(digits))


def of(queue: Queue) -> RedrivePolicy | None:
    """The policy of a queue, or None."""
    text = queue.attributes.get("RedrivePolicy")
    return None if text is None else parse(text)


async def check(queues: Queues, source: QueueKey, fifo: bool, text: str) -> RedrivePolicy:
    """The policy that `source` shall have, whose target exists and lets it. Raises InvalidParameterValue."""
    policy = parse(text)
    if policy.target.account != source.account or policy.target.region != source.region:
        raise _invalid(text, "Dead-letter target owner should be same as the source.")
    target = await queues.get(policy.target)
    if target is None:
        raise _invalid(text, "Dead letter target does not exist.")
    if target.fifo != fifo:
        raise _invalid(text, "Dead-letter queue must be same type of queue as the source..")
    if not _permits(target.attributes.get("RedriveAllowPolicy"), source):
        raise _invalid(text, "Queue does not have permission to redrive to the dead-letter queue.")
    return policy


def check_allow_policy(text: str) -> None:
    """Check a RedriveAllowPolicy, which is a JSON object. Raises InvalidParameterValue."""
    document = json.loads(text)
    permission, sources = document.get("redrivePermission"), document.get("sourceQueueArns")
    if permission not in _PERMISSIONS:
        raise invalid("RedriveAllowPolicy", text, "Invalid value for redrivePermission.")
    if permission != "byQueue":
        if sources:
            raise invalid("RedriveAllowPolicy", text, "sourceQueueArns is only for the permission byQueue.")
    elif not isinstance(sources, list) or not 1 <= len(sources) <= _SOURCES:
        raise invalid("RedriveAllowPolicy", text, f"sourceQueueArns must name 1 to {_SOURCES} queues.")


def _permits(allow_policy: str | None, source: QueueKey) -> bool:
    if allow_policy is None:
        return True
    document = json.loads(allow_policy)
    return document["redrivePermission"] == "allowAll" or source.arn in document.get("sourceQueueArns", ())


def _invalid(text: str, reason: str) -> Exception:
    return invalid("RedrivePolicy", text, reason)
