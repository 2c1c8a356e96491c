"""What may stand together in one configuration, beyond what the service model checks member by member.

Each rule looks at the configuration as it would become, so that a creation and an update that lead to the
same one are refused alike. The texts are AWS's where somebody has recorded them; the others say so.
"""

from __future__ import annotations

from collections.abc import Callable

from ingle.model.errors import InvalidParameterValue
from ingle.model.function import FunctionConfiguration
from ingle.model.quotas import EPHEMERAL_STORAGE_MB, MEMORY_MB, MIN_MANAGED_MEMORY_MB
from ingle.model.runtimes import RUNTIMES, Family

# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html: from these versions on
SNAPSTART_RUNTIMES: dict[Family, tuple[str, ...]] = {
    "java": ("java11", "java17", "java21", "java25", "java11.al2023", "java17.al2023"),
    "python": ("python3.12", "python3.13", "python3.14", "python3.15"),
    "dotnet": ("dotnet8", "dotnet10"),
}
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-runtimes.html
MANAGED_INSTANCE_RUNTIMES: dict[Family, tuple[str, ...]] = {
    "java": ("java21", "java25"),
    "python": ("python3.13", "python3.14", "python3.15"),
    "nodejs": ("nodejs22.x", "nodejs24.x", "nodejs26.x"),
    "dotnet": ("dotnet8", "dotnet10"),
    "provided": ("provided.al2023",),
}
DEAD_LETTER_SERVICES = ("sqs", "sns")


def check_configuration(configuration: FunctionConfiguration) -> None:
    """Refuse a configuration whose parts do not go together. Raises InvalidParameterValue."""
    for rule in _RULES:
        rule(configuration)


def _sizes(configuration: FunctionConfiguration) -> None:
    """The service model allows what managed instances may have; other functions have less."""
    memory, storage = configuration.memory_size, configuration.ephemeral_storage.size
    if configuration.capacity_provider_config is not None:
        if memory < MIN_MANAGED_MEMORY_MB:
            raise _out_of_range("MemorySize", "greater", MIN_MANAGED_MEMORY_MB)
    elif memory > MEMORY_MB[1]:
        raise _out_of_range("MemorySize", "less", MEMORY_MB[1])
    elif storage > EPHEMERAL_STORAGE_MB[1]:
        raise _out_of_range("EphemeralStorage", "less", EPHEMERAL_STORAGE_MB[1])


def _vpc(configuration: FunctionConfiguration) -> None:
    vpc = configuration.vpc_config
    if vpc is not None and bool(vpc.subnet_ids) != bool(vpc.security_group_ids):
        raise InvalidParameterValue("SubnetIds and SecurityIds must coexist or be both empty list.")


def _file_systems(configuration: FunctionConfiguration) -> None:
    vpc = configuration.vpc_config
    if configuration.file_system_configs and (vpc is None or not vpc.subnet_ids):
        raise InvalidParameterValue(
            "Function must be configured to execute in a VPC to reference access point "
            f"{configuration.file_system_configs[0].arn}. "
            "Please update the function configuration to include VPC subnets and security groups."
        )


def _dead_letters(configuration: FunctionConfiguration) -> None:
    target = configuration.dead_letter_config and configuration.dead_letter_config.target_arn
    if target and target.split(":")[2] not in DEAD_LETTER_SERVICES:
        # Not recorded.
        raise InvalidParameterValue(
            f"Invalid dead letter ARN: {target}. It must be the ARN of an Amazon SQS queue or an Amazon SNS "
            "topic."
        )


def _snap_start(configuration: FunctionConfiguration) -> None:
    if configuration.snap_start.apply_on == "None":
        return
    # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html, limitations; only the first is recorded,
    # the others are in its words.
    unsupported = {
        configuration.runtime: not _is_among(SNAPSTART_RUNTIMES, configuration.runtime),
        "EFS": bool(configuration.file_system_configs),
        "Ephemeral storage greater than 512 MB": (
            configuration.ephemeral_storage.size > EPHEMERAL_STORAGE_MB[0]
        ),
        "Tenant isolation": configuration.tenancy_config is not None,
    }
    for what, applies in unsupported.items():
        if applies:
            raise InvalidParameterValue(f"{what} is not supported for SnapStart enabled functions.")


def _managed_instances(configuration: FunctionConfiguration) -> None:
    if configuration.capacity_provider_config is None:
        return
    if not _is_among(MANAGED_INSTANCE_RUNTIMES, configuration.runtime):
        raise InvalidParameterValue(
            f"Runtime Enum {configuration.runtime} does not support specified feature: "
            "Lambda Managed Instances"
        )
    logging = configuration.logging_config
    if logging is not None and logging.log_format == "Text":
        raise InvalidParameterValue(
            'LogLevel is not supported when LogFormat is set to "Text". '
            'Remove LogLevel from your request or change the LogFormat to "JSON" and try again.'
        )


_RULES: tuple[Callable[[FunctionConfiguration], None], ...] = (
    _sizes,
    _vpc,
    _file_systems,
    _dead_letters,
    _snap_start,
    _managed_instances,
)


def _is_among(supported: dict[Family, tuple[str, ...]], runtime: str | None) -> bool:
    known = RUNTIMES.get(runtime or "")
    return known is not None and known.identifier in supported.get(known.family, ())


def _out_of_range(member: str, side: str, bound: int) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"'{member}' value failed to satisfy constraint: Member must have value {side} than or equal to "
        f"{bound}"
    )
