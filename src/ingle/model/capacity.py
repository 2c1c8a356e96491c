"""Capacity providers: where and on which instances Lambda runs the functions that are given to them.

https://docs.aws.amazon.com/lambda/latest/api/API_CapacityProvider.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingle.model.document import from_document
from ingle.model.errors import InvalidParameterValue, ResourceNotFound
from ingle.model.names import partition


@dataclass(frozen=True, slots=True)
class ProviderVpcConfig:
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PermissionsConfig:
    capacity_provider_operator_role_arn: str


@dataclass(frozen=True, slots=True)
class InstanceRequirements:
    architectures: tuple[str, ...] | None = None
    allowed_instance_types: tuple[str, ...] | None = None
    excluded_instance_types: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    predefined_metric_type: str
    target_value: float


@dataclass(frozen=True, slots=True)
class ScalingConfig:
    max_v_cpu_count: int | None = None
    scaling_mode: str = "Auto"
    scaling_policies: tuple[ScalingPolicy, ...] | None = None


@dataclass(frozen=True, slots=True)
class PropagateTags:
    mode: str | None = None
    explicit_tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ProviderLoggingConfig:
    system_log_level: str | None = None
    log_group: str | None = None


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    logging_config: ProviderLoggingConfig | None = None


@dataclass(frozen=True, slots=True)
class CapacityProvider:
    """Members as AWS answers them; LastModified is `ingle.model.clock.timestamp`."""

    capacity_provider_arn: str
    state: str
    vpc_config: ProviderVpcConfig
    permissions_config: PermissionsConfig
    last_modified: str
    capacity_provider_scaling_config: ScalingConfig = ScalingConfig()
    instance_requirements: InstanceRequirements | None = None
    kms_key_arn: str | None = None
    propagate_tags: PropagateTags | None = None
    telemetry_config: TelemetryConfig | None = None

    @property
    def name(self) -> str:
        return self.capacity_provider_arn.rpartition(":")[2]


def arn_of(account: str, region: str, name: str) -> str:
    """The ARN of a provider."""
    return f"arn:{partition(region)}:lambda:{region}:{account}:capacity-provider:{name}"


def name_in(text: str, account: str, region: str) -> str:
    """The name of the provider that a caller means by a name or an ARN (the service model checked its form).

    Raises ResourceNotFound for an ARN of another account or region.
    """
    _, _, name = text.rpartition(":")
    if name != text and text != arn_of(account, region, name):
        raise not_found(text)
    return name


def not_found(arn: str) -> ResourceNotFound:
    """AWS's answer for a provider that does not exist."""
    return ResourceNotFound(f"Capacity provider not found: {arn}")


def scaling(document: Mapping[str, Any]) -> ScalingConfig:
    """A scaling configuration that a caller gave, checked. Raises InvalidParameterValue.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-capacity-providers.html: Lambda
    chooses the policies where it scales by itself, and needs them where it is not to.
    """
    config = from_document(ScalingConfig, document)
    if config.scaling_mode == "Manual" and not config.scaling_policies:
        raise InvalidParameterValue("ScalingPolicies must be provided when ScalingMode is Manual.")
    if config.scaling_mode == "Auto" and config.scaling_policies:
        raise InvalidParameterValue("ScalingPolicies can only be provided when ScalingMode is Manual.")
    return config


def instance_requirements(document: Mapping[str, Any] | None) -> InstanceRequirements | None:
    """Instance requirements that a caller gave, checked. Raises InvalidParameterValue."""
    if document is None:
        return None
    requirements = from_document(InstanceRequirements, document)
    if requirements.allowed_instance_types and requirements.excluded_instance_types:
        raise InvalidParameterValue(
            "AllowedInstanceTypes and ExcludedInstanceTypes cannot be provided at the same time."
        )
    return requirements
