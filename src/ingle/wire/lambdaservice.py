"""What Lambda does that its service model does not say.

Recorded from AWS's answers. Where a list of values is unordered in the service (a Java set), the texts show
the order in which the service writes it; enumerations that nobody has recorded keep the model's order.
"""

from __future__ import annotations

from ingle.model.errors import InvalidParameterValue
from ingle.wire.departures import Departures

# The runtimes that CreateFunction names when it refuses one, in its order.
SUPPORTED_RUNTIMES = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x",
    "java25", "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9",
    "java17", "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2",
    "java8.al2",
)  # fmt: skip


def check_runtime(runtime: str, known: frozenset[str]) -> None:
    """Refuse a runtime that the model does not know. Raises InvalidParameterValue with Lambda's text.

    Runtimes that the model knows and Lambda no longer creates are the control plane's matter.
    """
    if runtime not in known:
        raise InvalidParameterValue(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(SUPPORTED_RUNTIMES)}] or be a valid ARN"
        )


DEPARTURES = Departures(
    enum_orders={
        "InvokeMode": ("RESPONSE_STREAM", "BUFFERED"),
        "RecursiveLoop": ("Terminate", "Allow"),
        "EventSourcePosition": ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
    },
    enum_lists={"CompatibleRuntimes": SUPPORTED_RUNTIMES},
    lists_without_null_rule=frozenset({"SubnetIds", "SecurityGroupIds"}),
    self_checked={
        ("CreateFunctionRequest", "Runtime"): check_runtime,
        ("UpdateFunctionConfigurationRequest", "Runtime"): check_runtime,
    },
    checked_first=frozenset({("PublishLayerVersionRequest", "CompatibleRuntimes")}),
)
