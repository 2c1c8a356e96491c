"""A function version's complete configuration, and the few facts about its code.

Members and names are those of AWS's FunctionConfiguration, each of its structures a dataclass here:
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingle.model.document import from_document, member, to_document
from ingle.model.names import FunctionKey
from ingle.model.states import LastUpdateStatus, State


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a part of a configuration could not be used."""

    error_code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class VpcConfig:
    subnet_ids: tuple[str, ...] | None = None
    security_group_ids: tuple[str, ...] | None = None
    vpc_id: str | None = None
    ipv6_allowed_for_dual_stack: bool | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterConfig:
    target_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    variables: Mapping[str, str] | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class TracingConfig:
    mode: str = "PassThrough"


@dataclass(frozen=True, slots=True)
class Layer:
    arn: str
    code_size: int | None = None
    signing_profile_version_arn: str | None = None
    signing_job_arn: str | None = None


@dataclass(frozen=True, slots=True)
class S3FilesConfig:
    direct_s3_read: str | None = None


@dataclass(frozen=True, slots=True)
class FileSystemConfig:
    arn: str
    local_mount_path: str
    s3_files_config: S3FilesConfig | None = None


@dataclass(frozen=True, slots=True)
class ImageConfig:
    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_directory: str | None = None


@dataclass(frozen=True, slots=True)
class ImageConfigResponse:
    image_config: ImageConfig | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class EphemeralStorage:
    size: int


@dataclass(frozen=True, slots=True)
class SnapStart:
    apply_on: str = "None"
    optimization_status: str = "Off"


@dataclass(frozen=True, slots=True)
class RuntimeVersionConfig:
    runtime_version_arn: str | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class LoggingConfig:
    log_format: str | None = None
    application_log_level: str | None = None
    system_log_level: str | None = None
    log_group: str | None = None


@dataclass(frozen=True, slots=True)
class TenancyConfig:
    tenant_isolation_mode: str


@dataclass(frozen=True, slots=True)
class ManagedInstances:
    capacity_provider_arn: str
    per_execution_environment_max_concurrency: int | None = None
    execution_environment_memory_gib_per_vcpu: float | None = member(
        "ExecutionEnvironmentMemoryGiBPerVCpu", None
    )


@dataclass(frozen=True, slots=True)
class CapacityProviderConfig:
    lambda_managed_instances_capacity_provider_config: ManagedInstances


@dataclass(frozen=True, slots=True)
class DurableConfig:
    kms_key_arn: str | None = member("KMSKeyArn", None)
    retention_period_in_days: int | None = None
    execution_timeout: int | None = None


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    runtime_arn: str
    runtime_alias: str


@dataclass(frozen=True, slots=True)
class AcceleratorConfig:
    accelerator_memory_size: int


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """Everything that AWS's FunctionConfiguration has. Sizes: MemorySize and EphemeralStorage in MB, CodeSize
    in bytes, Timeout in seconds; CodeSha256 is base64; LastModified is `ingle.model.clock.timestamp`."""

    function_name: str
    function_arn: str
    role: str
    code_size: int
    code_sha256: str
    last_modified: str
    revision_id: str
    timeout: int
    memory_size: int
    ephemeral_storage: EphemeralStorage
    architectures: tuple[str, ...]
    state: State
    runtime: str | None = None
    handler: str | None = None
    description: str = ""
    version: str = "$LATEST"
    package_type: str = "Zip"
    vpc_config: VpcConfig | None = None
    dead_letter_config: DeadLetterConfig | None = None
    environment: Environment | None = None
    kms_key_arn: str | None = member("KMSKeyArn", None)
    tracing_config: TracingConfig = TracingConfig()
    master_arn: str | None = None
    layers: tuple[Layer, ...] | None = None
    state_reason: str | None = None
    state_reason_code: str | None = None
    last_update_status: LastUpdateStatus | None = None
    last_update_status_reason: str | None = None
    last_update_status_reason_code: str | None = None
    file_system_configs: tuple[FileSystemConfig, ...] | None = None
    signing_profile_version_arn: str | None = None
    signing_job_arn: str | None = None
    image_config_response: ImageConfigResponse | None = None
    snap_start: SnapStart = SnapStart()
    runtime_version_config: RuntimeVersionConfig | None = None
    logging_config: LoggingConfig | None = None
    tenancy_config: TenancyConfig | None = None
    capacity_provider_config: CapacityProviderConfig | None = None
    config_sha256: str | None = None
    durable_config: DurableConfig | None = None
    runtime_config: RuntimeConfig | None = None
    accelerator_config: AcceleratorConfig | None = None

    def document(self) -> dict[str, object]:
        """This configuration in AWS's member names, as it is stored and answered."""
        return to_document(self)

    @staticmethod
    def of(document: Mapping[str, object]) -> FunctionConfiguration:
        """The configuration that was stored as `document`."""
        return from_document(FunctionConfiguration, document)


@dataclass(frozen=True, slots=True)
class Code:
    """A deployment package: SHA-256 of the zip in hexadecimal, its size in bytes, packed and unpacked."""

    sha256: str
    size: int
    unpacked_size: int = 0

    @property
    def base64(self) -> str:
        """As in CodeSha256."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()

    @staticmethod
    def hexadecimal(code_sha256: str) -> str:
        """The hexadecimal digest of a CodeSha256."""
        return base64.b64decode(code_sha256).hex()


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """One version of a function as it is stored; `$LATEST` is one of them."""

    key: FunctionKey
    configuration: FunctionConfiguration

    @property
    def version(self) -> str:
        return self.configuration.version

    @property
    def code_sha256(self) -> str:
        """The hexadecimal digest of its package."""
        return Code.hexadecimal(self.configuration.code_sha256)

    @property
    def qualified_arn(self) -> str:
        return self.key.qualified_arn(self.version)


# What changes without anything for the running function to notice.
BOOKKEEPING = frozenset(
    {
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "RevisionId",
    }
)


@dataclass(frozen=True, slots=True)
class ResolvedFunction:
    """What a name and qualifier lead to: everything that an invocation has to know, unchanging.

    invoked_arn: the ARN as invoked, with the qualifier if the caller gave one. code_directory: where the
    package lies unpacked. layers_directory: what is seen at /opt, if the function has layers. generation:
    environments of one generation are interchangeable; it changes with the code and with the configuration,
    not with the states.
    """

    key: FunctionKey
    qualifier: str | None
    configuration: FunctionConfiguration
    code_directory: Path
    generation: str
    layers_directory: Path | None = None

    @property
    def version(self) -> str:
        return self.configuration.version

    @property
    def invoked_arn(self) -> str:
        return self.key.arn if self.qualifier is None else self.key.qualified_arn(self.qualifier)


def generation(configuration: FunctionConfiguration) -> str:
    """A digest of everything in a configuration that an execution environment is made from."""
    return digest(configuration, BOOKKEEPING)


def digest(configuration: FunctionConfiguration, without: frozenset[str]) -> str:
    """SHA-256 of a configuration's document without some of its members."""
    document = {k: v for k, v in configuration.document().items() if k not in without}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
