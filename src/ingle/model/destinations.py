"""Where records of invocations may be sent: which services take them, and what is refused.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/lambda/latest/api/API_DestinationConfig.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingle.model.errors import InvalidParameterValue

ON_SUCCESS = frozenset({"sqs", "sns", "lambda", "events"})
ON_FAILURE = ON_SUCCESS | {"s3"}

_KAFKA = "kafka://"


def destination(config: Mapping[str, Any], side: str) -> str | None:
    """The destination of a DestinationConfig at `OnSuccess` or `OnFailure`; an empty one is none."""
    return (config.get(side) or {}).get("Destination") or None


def check_destinations(
    config: Mapping[str, Any], on_success: frozenset[str], on_failure: frozenset[str]
) -> None:
    """Refuse destinations of other services than those, and of kinds that do not take records.

    Raises InvalidParameterValue. Whether a function exists is for the caller to look up.
    """
    sides = (
        (destination(config, "OnSuccess"), on_success),
        (destination(config, "OnFailure"), on_failure),
    )
    for arn, services in sides:
        if arn is not None and _service(arn) not in services:
            raise _invalid_config(config)
    for arn, _ in sides:
        if arn is not None and not _takes_records(arn):
            raise invalid_arn(arn)


def invalid_arn(arn: str) -> InvalidParameterValue:
    """AWS's answer to a destination that does not exist or takes no records."""
    return InvalidParameterValue(f"The destination ARN {arn} is invalid.")


def _service(arn: str) -> str:
    return "kafka" if arn.startswith(_KAFKA) else arn.split(":")[2]


def _takes_records(arn: str) -> bool:
    """FIFO queues and topics do not, nor do partners' event buses."""
    if arn.startswith(_KAFKA):
        return True
    service, resource = arn.split(":")[2], arn.split(":", 5)[5]
    if service in ("sqs", "sns"):
        return not resource.endswith(".fifo")
    if service == "events":
        return resource.startswith("event-bus/") and not resource.startswith("event-bus/aws.partner/")
    return True


def _invalid_config(config: Mapping[str, Any]) -> InvalidParameterValue:
    parts = ", ".join(
        f"{side[0].lower()}{side[1:]}=" + (f"{side}(destination={arn})" if arn else "null")
        for side in ("OnSuccess", "OnFailure")
        for arn in (destination(config, side),)
    )
    return InvalidParameterValue(f"The provided destination config DestinationConfig({parts}) is invalid.")
