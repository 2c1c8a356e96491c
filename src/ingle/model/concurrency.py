"""Provisioned concurrency of a version or an alias, and environments of versions on one's own instances.

https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionScalingConfig.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ingle.model.document import to_document
from ingle.model.names import FunctionKey


class ProvisionedStatus(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What is provisioned for `qualifier`, a version's number or an alias. Figures are environments."""

    key: FunctionKey
    qualifier: str
    requested: int
    allocated: int
    available: int
    status: ProvisionedStatus
    status_reason: str | None
    last_modified: str

    @property
    def arn(self) -> str:
        return self.key.qualified_arn(self.qualifier)

    def document(self) -> dict[str, Any]:
        """The members that every answer about provisioned concurrency has."""
        document: dict[str, Any] = {
            "RequestedProvisionedConcurrentExecutions": self.requested,
            "AllocatedProvisionedConcurrentExecutions": self.allocated,
            "AvailableProvisionedConcurrentExecutions": self.available,
            "Status": str(self.status),
            "LastModified": self.last_modified,
        }
        if self.status_reason is not None:
            document["StatusReason"] = self.status_reason
        return document


@dataclass(frozen=True, slots=True)
class FunctionScaling:
    """How many execution environments a version may have; None leaves it to Lambda."""

    min_execution_environments: int | None = None
    max_execution_environments: int | None = None

    def document(self) -> dict[str, Any]:
        """AWS's FunctionScalingConfig."""
        return to_document(self)
