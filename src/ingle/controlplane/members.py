"""The members that create and update requests have alike: how each becomes a part of the configuration.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html: what a request does not
name stays as it was. Most structures replace what was there; logging and durable configurations are merged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ingle.model.document import from_document, to_document
from ingle.model.errors import InvalidParameterValue
from ingle.model.function import (
    CapacityProviderConfig,
    DeadLetterConfig,
    DurableConfig,
    Environment,
    EphemeralStorage,
    FileSystemConfig,
    FunctionConfiguration,
    LoggingConfig,
    SnapStart,
    TracingConfig,
    VpcConfig,
)
from ingle.model.names import FunctionKey
from ingle.model.runtimes import RUNTIMES

T = TypeVar("T")

DEFAULT_RETENTION_DAYS = 14  # of a durable function's executions
DEFAULT_GIB_PER_VCPU = 2.0
# Per vCPU; https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-runtimes.html
DEFAULT_CONCURRENCY = {"python": 16, "nodejs": 64, "java": 32, "dotnet": 32, "provided": 16}

# Structures that a request gives whole and that replace what was there; empty ones change nothing.
_STRUCTURES: dict[str, tuple[str, type]] = {
    "ephemeral_storage": ("EphemeralStorage", EphemeralStorage),
    "tracing_config": ("TracingConfig", TracingConfig),
    "snap_start": ("SnapStart", SnapStart),
}


def with_members(
    key: FunctionKey, before: FunctionConfiguration, request: Mapping[str, Any]
) -> FunctionConfiguration:
    """`before` with the structures of a request. Raises InvalidParameterValue."""
    settings: dict[str, Any] = {
        attribute: from_document(kind, request[name])
        for attribute, (name, kind) in _STRUCTURES.items()
        if request.get(name)
    }
    if (environment := request.get("Environment")) is not None:
        settings["environment"] = from_document(Environment, environment)
    if (dead_letters := request.get("DeadLetterConfig")) is not None:
        # An empty ARN takes it away.
        target = dead_letters.get("TargetArn")
        settings["dead_letter_config"] = DeadLetterConfig(target) if target else None
    if (vpc := request.get("VpcConfig")) is not None:
        settings["vpc_config"] = _vpc(key, vpc)
    if (systems := request.get("FileSystemConfigs")) is not None:
        settings["file_system_configs"] = tuple(from_document(FileSystemConfig, s) for s in systems) or None
    if (key_arn := request.get("KMSKeyArn")) is not None:
        settings["kms_key_arn"] = key_arn or None
    if (logging := request.get("LoggingConfig")) is not None:
        settings["logging_config"] = _logging(before.logging_config, logging)
    if (durable := request.get("DurableConfig")) is not None:
        settings["durable_config"] = _durable(before.durable_config, durable)
    if (capacity := request.get("CapacityProviderConfig")) is not None:
        settings["capacity_provider_config"] = _capacity(request.get("Runtime") or before.runtime, capacity)
    return replace(before, **settings)


def _vpc(key: FunctionKey, request: Mapping[str, Any]) -> VpcConfig:
    """A VPC's configuration; without subnets the function leaves the VPC.

    The VPC's identifier follows from account and region: which one subnets belong to is known to nobody here,
    and a function's subnets are in one VPC.
    """
    given = from_document(VpcConfig, request)
    digits = hashlib.sha256(f"{key.account}:{key.region}".encode()).hexdigest()[:17]
    return VpcConfig(
        subnet_ids=given.subnet_ids or (),
        security_group_ids=given.security_group_ids or (),
        vpc_id=f"vpc-{digits}" if given.subnet_ids else "",
        ipv6_allowed_for_dual_stack=given.ipv6_allowed_for_dual_stack or False,
    )


def _logging(before: LoggingConfig | None, request: Mapping[str, Any]) -> LoggingConfig:
    """Changes to a logging configuration: JSON brings levels, INFO unless it is said; Text has none."""
    merged = _merged(LoggingConfig, before, request)
    levels = {"ApplicationLogLevel", "SystemLogLevel"}
    if merged.log_format == "JSON":
        return replace(
            merged,
            application_log_level=merged.application_log_level or "INFO",
            system_log_level=merged.system_log_level or "INFO",
        )
    if any(request.get(name) for name in levels):
        raise InvalidParameterValue(
            'LogLevel is not supported when LogFormat is set to "Text". '
            'Remove LogLevel from your request or change the LogFormat to "JSON" and try again.'
        )
    return replace(merged, application_log_level=None, system_log_level=None)


def _durable(before: DurableConfig | None, request: Mapping[str, Any]) -> DurableConfig:
    """Changes to a durable configuration; an empty key takes the key away."""
    merged = _merged(DurableConfig, before, request)
    return replace(
        merged,
        kms_key_arn=merged.kms_key_arn or None,
        retention_period_in_days=merged.retention_period_in_days or DEFAULT_RETENTION_DAYS,
    )


def _capacity(runtime: str | None, request: Mapping[str, Any]) -> CapacityProviderConfig:
    config = from_document(CapacityProviderConfig, request)
    instances = config.lambda_managed_instances_capacity_provider_config
    family = RUNTIMES[runtime].family if runtime in RUNTIMES else "provided"
    return CapacityProviderConfig(
        replace(
            instances,
            per_execution_environment_max_concurrency=(
                instances.per_execution_environment_max_concurrency or DEFAULT_CONCURRENCY.get(family)
            ),
            execution_environment_memory_gib_per_vcpu=(
                instances.execution_environment_memory_gib_per_vcpu or DEFAULT_GIB_PER_VCPU
            ),
        )
    )


def _merged(kind: type[T], before: T | None, request: Mapping[str, Any]) -> T:
    """What a request gives, over what was there."""
    known = {} if before is None else to_document(before)
    return from_document(kind, known | {name: value for name, value in request.items() if value is not None})
