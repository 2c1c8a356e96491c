"""From a create or update request to a function's configuration: AWS's defaults and AWS's refusals.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ingle.controlplane.catalogue import Missing, RuntimeCatalogue
from ingle.controlplane.handlers import refuse_unsupported
from ingle.model import quotas
from ingle.model.clock import Clock, timestamp, utc_date
from ingle.model.document import from_document
from ingle.model.errors import InvalidParameterValue
from ingle.model.function import (
    Code,
    DeadLetterConfig,
    Environment,
    EphemeralStorage,
    FunctionConfiguration,
    LoggingConfig,
    RuntimeVersionConfig,
    SnapStart,
    TracingConfig,
    VpcConfig,
)
from ingle.model.names import FunctionKey, partition
from ingle.model.runtimes import RUNTIMES, require_runtime, runtime_version
from ingle.model.states import CREATING, LastUpdateStatus, State, check_state, check_update
from ingle.model.variables import check_variables

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateFunctionRequestTypeDef,
        UpdateFunctionConfigurationRequestTypeDef,
    )

# Members that change how a function runs and that nothing here acts upon yet: refused, never ignored.
UNSUPPORTED = {
    "Layers": "layers",
    "ImageConfig": "container images",
    "CodeSigningConfigArn": "code signing",
    "CapacityProviderConfig": "capacity providers",
    "DurableConfig": "durable functions",
    "TenancyConfig": "tenant isolation",
    "FileSystemConfigs": "file systems",
    "RuntimeConfig": "function runtimes of one's own",
    "AcceleratorConfig": "accelerators",
    "PublishTo": "publishing to $LATEST.PUBLISHED",
}

# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html: from these versions on
_SNAPSTART = {
    "java": ("java11", "java17", "java21", "java25", "java11.al2023", "java17.al2023"),
    "python": ("python3.12", "python3.13", "python3.14", "python3.15"),
    "dotnet": ("dotnet8", "dotnet10"),
}


class Configurations:
    """Builds configurations; knows the day and which runtimes are installed."""

    def __init__(self, clock: Clock, catalogue: RuntimeCatalogue) -> None:
        self._clock = clock
        self._catalogue = catalogue

    def check_new(self, request: CreateFunctionRequestTypeDef) -> None:
        """Refuse what can be refused before the code is looked at. Raises CallerError."""
        if request.get("PackageType", "Zip") == "Image":
            refuse_unsupported({"PackageType": "Image"}, {"PackageType": "container images"})
        refuse_unsupported(request, UNSUPPORTED)
        runtime = request.get("Runtime")
        if not runtime or not request.get("Handler"):
            raise InvalidParameterValue(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        self.check_runtime(runtime, existing=False)
        _check_settings(request, runtime)

    def check_changes(
        self, before: FunctionConfiguration, request: UpdateFunctionConfigurationRequestTypeDef
    ) -> None:
        """As `check_new`, for changes to `before`. Raises CallerError."""
        refuse_unsupported(request, UNSUPPORTED)
        runtime = request.get("Runtime") or before.runtime or ""
        self.check_runtime(runtime, existing=True)
        _check_settings(request, runtime)

    def check_runtime(self, runtime: str, *, existing: bool) -> None:
        """Refuse a runtime that AWS does not know or has closed, and one that is not installed here.

        Raises InvalidParameterValue; for the latter its message says how to get it.
        """
        require_runtime(runtime, self._today(), existing=existing)
        availability = self._catalogue.availability(runtime)
        if isinstance(availability, Missing):
            raise InvalidParameterValue(availability.message)

    def new(
        self, key: FunctionKey, request: CreateFunctionRequestTypeDef, code: Code
    ) -> FunctionConfiguration:
        """The configuration of a function that is being created; `check_new` comes first."""
        runtime = request.get("Runtime", "")
        reason, reason_code = CREATING
        check_state(None, State.PENDING)
        fresh = FunctionConfiguration(
            function_name=key.name,
            function_arn=key.arn,
            role=request["Role"],
            handler=request.get("Handler"),
            runtime=runtime,
            description=request.get("Description", ""),
            code_size=code.size,
            code_sha256=code.base64,
            last_modified=timestamp(self._clock.time()),
            revision_id=str(uuid.uuid4()),
            timeout=request.get("Timeout", quotas.DEFAULT_TIMEOUT_SECONDS),
            memory_size=request.get("MemorySize", quotas.DEFAULT_MEMORY_MB),
            ephemeral_storage=EphemeralStorage(quotas.DEFAULT_EPHEMERAL_STORAGE_MB),
            architectures=tuple(request.get("Architectures") or ("x86_64",)),
            state=State.PENDING,
            state_reason=reason,
            state_reason_code=reason_code,
            runtime_version_config=_runtime_version(key.region, runtime),
            logging_config=LoggingConfig(log_format="Text", log_group=f"/aws/lambda/{key.name}"),
        )
        return _with_settings(fresh, request)

    def changed(
        self,
        key: FunctionKey,
        before: FunctionConfiguration,
        request: UpdateFunctionConfigurationRequestTypeDef,
    ) -> FunctionConfiguration:
        """`before` with the changes of a request; `check_changes` comes first."""
        given: Mapping[str, Any] = request
        plain: dict[str, Any] = {
            attribute: given[name]
            for attribute, name in _PLAIN_MEMBERS.items()
            if given.get(name) is not None
        }
        if "runtime" in plain:
            plain["runtime_version_config"] = _runtime_version(key.region, plain["runtime"])
        return self.in_progress(_with_settings(replace(before, **plain), request))

    def with_code(
        self, before: FunctionConfiguration, code: Code, architectures: tuple[str, ...] | None
    ) -> FunctionConfiguration:
        """`before` with another package."""
        return self.in_progress(
            replace(
                before,
                code_size=code.size,
                code_sha256=code.base64,
                architectures=architectures or before.architectures,
            )
        )

    def in_progress(self, configuration: FunctionConfiguration) -> FunctionConfiguration:
        """A changed configuration on its way: InProgress, with a new revision and time."""
        check_update(configuration.last_update_status, LastUpdateStatus.IN_PROGRESS)
        reason, reason_code = CREATING
        started = replace(
            configuration,
            revision_id=str(uuid.uuid4()),
            last_modified=timestamp(self._clock.time()),
            last_update_status=LastUpdateStatus.IN_PROGRESS,
            last_update_status_reason=reason,
            last_update_status_reason_code=reason_code,
        )
        if configuration.state is not State.FAILED:
            return started
        check_state(State.FAILED, State.PENDING)
        return replace(started, state=State.PENDING, state_reason=reason, state_reason_code=reason_code)

    def _today(self) -> date:
        return utc_date(self._clock.time())


_PLAIN_MEMBERS = {
    "role": "Role",
    "handler": "Handler",
    "description": "Description",
    "timeout": "Timeout",
    "memory_size": "MemorySize",
    "runtime": "Runtime",
}

# Structures that a request gives whole and that replace what was there.
_STRUCTURES: dict[str, tuple[str, type]] = {
    "environment": ("Environment", Environment),
    "ephemeral_storage": ("EphemeralStorage", EphemeralStorage),
    "vpc_config": ("VpcConfig", VpcConfig),
    "tracing_config": ("TracingConfig", TracingConfig),
    "snap_start": ("SnapStart", SnapStart),
    "dead_letter_config": ("DeadLetterConfig", DeadLetterConfig),
}


def _check_settings(request: Mapping[str, Any], runtime: str) -> None:
    check_variables((request.get("Environment") or {}).get("Variables") or {})
    snap_start = (request.get("SnapStart") or {}).get("ApplyOn", "None")
    if snap_start != "None" and runtime not in _SNAPSTART.get(RUNTIMES[runtime].family, ()):
        raise InvalidParameterValue(f"{runtime} is not supported for SnapStart enabled functions.")


def _with_settings(configuration: FunctionConfiguration, request: Mapping[str, Any]) -> FunctionConfiguration:
    """The settings that create and update requests have alike."""
    settings: dict[str, Any] = {
        attribute: from_document(kind, request[name])
        for attribute, (name, kind) in _STRUCTURES.items()
        if request.get(name) is not None
    }
    if (dead_letter := settings.get("dead_letter_config")) and not dead_letter.target_arn:
        settings["dead_letter_config"] = None  # an empty ARN takes it away
    if "KMSKeyArn" in request:
        settings["kms_key_arn"] = request["KMSKeyArn"] or None
    if request.get("LoggingConfig") is not None:
        settings["logging_config"] = _logging(configuration.logging_config, request["LoggingConfig"])
    return replace(configuration, **settings)


def _logging(before: LoggingConfig | None, request: Mapping[str, Any]) -> LoggingConfig:
    """Changes to a logging configuration: JSON brings levels, INFO unless it is said; Text has none."""
    merged = replace(before or LoggingConfig(), **_logging_members(request))
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


def _logging_members(request: Mapping[str, Any]) -> dict[str, Any]:
    given = from_document(LoggingConfig, request)
    members = ("log_format", "application_log_level", "system_log_level", "log_group")
    return {name: value for name in members if (value := getattr(given, name)) is not None}


def _runtime_version(region: str, runtime: str) -> RuntimeVersionConfig:
    arn = f"arn:{partition(region)}:lambda:{region}::runtime:{runtime_version(runtime)}"
    return RuntimeVersionConfig(runtime_version_arn=arn)
