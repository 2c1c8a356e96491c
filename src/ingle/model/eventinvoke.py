"""How the events of a function, a version or an alias are handled when it is invoked asynchronously.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionEventInvokeConfig.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingle.model.destinations import destination
from ingle.model.errors import InvalidParameterValue
from ingle.model.names import FunctionReference


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """last_modified: seconds since the epoch. None is what was not chosen: then AWS's default holds, two
    retries and six hours. on_success, on_failure: ARNs of destinations."""

    last_modified: float
    maximum_retry_attempts: int | None = None
    maximum_event_age_in_seconds: int | None = None
    on_success: str | None = None
    on_failure: str | None = None

    def document(self, reference: FunctionReference) -> dict[str, Any]:
        """The FunctionEventInvokeConfig that AWS answers for the qualified `reference`."""
        chosen = {
            "MaximumRetryAttempts": self.maximum_retry_attempts,
            "MaximumEventAgeInSeconds": self.maximum_event_age_in_seconds,
        }
        return {
            "FunctionArn": reference.arn,
            "LastModified": self.last_modified,
            "DestinationConfig": {
                "OnSuccess": {"Destination": self.on_success} if self.on_success else {},
                "OnFailure": {"Destination": self.on_failure} if self.on_failure else {},
            },
            **{name: value for name, value in chosen.items() if value is not None},
        }


def require_a_setting(request: Mapping[str, Any]) -> None:
    """Refuse a request that sets nothing. Raises InvalidParameterValue."""
    settings = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    if all(request.get(name) is None for name in settings):
        raise InvalidParameterValue("You must specify at least one of error handling or destination setting.")


def merged(before: EventInvokeConfig, request: Mapping[str, Any], now: float) -> EventInvokeConfig:
    """`before` with what a request sets; an empty ARN takes a destination away."""
    changes: dict[str, Any] = {"last_modified": now}
    if (attempts := request.get("MaximumRetryAttempts")) is not None:
        changes["maximum_retry_attempts"] = attempts
    if (age := request.get("MaximumEventAgeInSeconds")) is not None:
        changes["maximum_event_age_in_seconds"] = age
    config = request.get("DestinationConfig") or {}
    for attribute, side in (("on_success", "OnSuccess"), ("on_failure", "OnFailure")):
        if config.get(side) is not None:
            changes[attribute] = destination(config, side)
    return replace(before, **changes)
