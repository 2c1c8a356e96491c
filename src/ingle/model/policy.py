"""A resource-based policy: an IAM document that says who may do what with one function or layer version.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
What it allows and denies is not decided here: this is the document, kept in AWS's own order of members.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ingle.model.errors import PolicyLengthExceeded, PreconditionFailed, ResourceConflict, ResourceNotFound
from ingle.model.quotas import RESOURCE_POLICY_SIZE

Statement = dict[str, Any]

_EMPTY = {"Version": "2012-10-17", "Id": "default", "Statement": []}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's document. `StoredPolicy` is one with its revision."""

    document: dict[str, Any]

    @property
    def statements(self) -> list[Statement]:
        """Its statements; IAM allows a single one to stand without a list."""
        found = self.document["Statement"]
        return found if isinstance(found, list) else [found]

    @property
    def text(self) -> str:
        """The document as it is answered: JSON without spaces."""
        return to_text(self.document)

    @staticmethod
    def of(text: str) -> Policy:
        """The policy that was stored as `text`."""
        return Policy(json.loads(text))


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy, and the RevisionId that the next change has to name if it names any."""

    policy: Policy
    revision_id: str


def to_text(document: dict[str, Any]) -> str:
    """A policy or a statement as AWS writes it: JSON without spaces."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def with_statement(stored: StoredPolicy | None, statement: Statement) -> Policy:
    """The stored policy, or a new one, with one statement more.

    Raises ResourceConflict where its Sid is taken, PolicyLengthExceeded above 20 KB.
    """
    before = Policy(_EMPTY) if stored is None else stored.policy
    sid = statement["Sid"]
    if any(one.get("Sid") == sid for one in before.statements):
        raise ResourceConflict(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    after = Policy({**before.document, "Statement": [*before.statements, statement]})
    check_size(after)
    return after


def without_statement(policy: Policy, sid: str) -> Policy | None:
    """`policy` without the statement `sid`; None where that was the last. Raises ResourceNotFound."""
    left = [one for one in policy.statements if one.get("Sid") != sid]
    if len(left) == len(policy.statements):
        raise ResourceNotFound(f"Statement {sid} is not found in resource policy.")
    return Policy({**policy.document, "Statement": left}) if left else None


def check_size(policy: Policy) -> None:
    """Raises PolicyLengthExceeded for a policy above 20 KB."""
    size = len(policy.text.encode())
    if size > RESOURCE_POLICY_SIZE:
        raise PolicyLengthExceeded(
            f"The final policy size ({size}) is bigger than the limit ({RESOURCE_POLICY_SIZE})."
        )


def check_revision(stored: StoredPolicy | None, revision_id: str | None, operation: str) -> None:
    """Refuse a change that is based on another revision than the stored one; None is based on any.

    `operation` tells the caller where to get the revision. Raises PreconditionFailed.
    """
    if revision_id and (stored is None or stored.revision_id != revision_id):
        raise PreconditionFailed(
            "The Revision Id provided does not match the latest Revision Id. "
            f"Call the {operation} API to retrieve the latest Revision Id"
        )


def no_policy() -> ResourceNotFound:
    """AWS's answer where a statement is to be taken from a policy that is not there."""
    return ResourceNotFound("No policy is associated with the given resource.")
