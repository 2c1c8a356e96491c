"""A queue's resource policy: what AddPermission and RemovePermission make of it, and whom it lets in.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ingle.model.names import partition
from ingle.services.sqs.errors import OverLimit, invalid
from ingle.store.queues import QueueKey

# What another account can be let do at all.
_ACTIONS = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
_ACTIONS_BOUND = 7
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"[0-9]{12}")


def add(text: str | None, key: QueueKey, label: str, accounts: Sequence[str], actions: Sequence[str]) -> str:
    """The policy `text` with a statement `label`. Raises InvalidParameterValue, OverLimit."""
    _check(label, accounts, actions)
    document = _document(text, key)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise invalid("Label", label, "Already exists.")
    principals = [f"arn:{partition(key.region)}:iam::{account}:root" for account in accounts]
    names = [f"SQS:{action}" for action in actions]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals if len(principals) > 1 else principals[0]},
        "Action": names if len(names) > 1 else names[0],
        "Resource": key.arn,
    }
    document["Statement"].append(statement)
    return json.dumps(document, separators=(",", ":"))


def remove(text: str | None, key: QueueKey, label: str) -> str:
    """The policy without the statement `label`, empty where nothing is left. Raises InvalidParameterValue."""
    document = _document(text, key)
    left = [statement for statement in document["Statement"] if statement.get("Sid") != label]
    if len(left) == len(document["Statement"]):
        raise invalid("Label", label, "can't find label.")
    return json.dumps({**document, "Statement": left}, separators=(",", ":")) if left else ""


def permits(text: str | None, account: str, action: str) -> bool:
    """Whether a statement lets another account do `action`. Statements with conditions let nobody in:
    there is nothing yet to judge them."""
    if not text or action not in _ACTIONS:
        return False
    statements = [each for each in _statements(json.loads(text)) if _matches(each, account, action)]
    return any(each.get("Effect") == "Allow" and "Condition" not in each for each in statements) and not any(
        each.get("Effect") == "Deny" for each in statements
    )


def _matches(statement: dict[str, Any], account: str, action: str) -> bool:
    principal = statement.get("Principal")
    named = _listed(principal.get("AWS") if isinstance(principal, dict) else principal)
    actions = {str(name).lower() for name in _listed(statement.get("Action"))}
    return (
        any(name == "*" or account in (name, *str(name).split(":")[4:5]) for name in named)
        and not actions.isdisjoint({"*", "sqs:*", f"sqs:{action}".lower()})
    )  # fmt: skip


def _check(label: str, accounts: Sequence[str], actions: Sequence[str]) -> None:
    if not _LABEL.fullmatch(label):
        raise invalid(
            "Label",
            label,
            "Label can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
        )
    if len(actions) > _ACTIONS_BOUND:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {_ACTIONS_BOUND}.")
    for action in actions:
        if action not in _ACTIONS:
            reason = "Please refer to the appropriate WSDL for a list of valid actions. "
            raise invalid("ActionName", f"SQS:{action}", reason)
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise invalid("PrincipalId", f"[{account}]", "Unable to verify.")


def _document(text: str | None, key: QueueKey) -> dict[str, Any]:
    if not text:
        return {"Version": "2008-10-17", "Id": f"{key.arn}/SQSDefaultPolicy", "Statement": []}
    document = json.loads(text)
    return {**document, "Statement": _statements(document)}


def _statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in _listed(document.get("Statement")) if isinstance(each, dict)]


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]
