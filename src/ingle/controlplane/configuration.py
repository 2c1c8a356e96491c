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
from ingle.controlplane.members import with_members
from ingle.controlplane.packages import refuse_image, refuse_members_of_images
from ingle.model import quotas
from ingle.model.clock import Clock, timestamp, utc_date
from ingle.model.consistency import check_configuration
from ingle.model.document import from_document
from ingle.model.errors import InvalidParameterValue
from ingle.model.function import (
    Code,
    EphemeralStorage,
    FunctionConfiguration,
    LoggingConfig,
    RuntimeVersionConfig,
    TenancyConfig,
)
from ingle.model.names import FunctionKey, partition
from ingle.model.runtimes import require_runtime, runtime_version
from ingle.model.states import CREATING, LastUpdateStatus, State, check_state, check_update
from ingle.model.variables import check_variables

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateFunctionRequestTypeDef,
        UpdateFunctionConfigurationRequestTypeDef,
    )

# Members that change how a function runs and that nothing here acts upon yet: refused, never ignored.
UNSUPPORTED = {
    "RuntimeConfig": "function runtimes of one's own",
    "AcceleratorConfig": "accelerators",
    "PublishTo": "publishing to $LATEST.PUBLISHED",
}


class Configurations:
    """Builds configurations; knows the day and which runtimes are installed."""

    def __init__(self, clock: Clock, catalogue: RuntimeCatalogue) -> None:
        self._clock = clock
        self._catalogue = catalogue

    def check_new(self, request: CreateFunctionRequestTypeDef) -> None:
        """Refuse what can be refused before the code is looked at. Raises CallerError."""
        if request.get("PackageType", "Zip") == "Image":
            refuse_image(request)
        refuse_members_of_images(request, "creating")
        refuse_unsupported(request, UNSUPPORTED)
        runtime = request.get("Runtime")
        if not runtime or not request.get("Handler"):
            raise InvalidParameterValue(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        self.check_runtime(runtime, existing=False)
        durable = request.get("DurableConfig")
        if durable is not None and not durable.get("ExecutionTimeout"):
            raise InvalidParameterValue(
                "You cannot create a function with a durable configuration without an executionTimeout"
            )
        _check_variables(request)

    def check_changes(
        self, before: FunctionConfiguration, request: UpdateFunctionConfigurationRequestTypeDef
    ) -> None:
        """As `check_new`, for changes to `before`. Raises CallerError."""
        refuse_members_of_images(request, "updating")
        refuse_unsupported(request, UNSUPPORTED)
        self.check_runtime(request.get("Runtime") or before.runtime or "", existing=True)
        if request.get("DurableConfig") is not None and before.durable_config is None:
            raise InvalidParameterValue(
                "You cannot add a durable configuration to a function that was originally created with no "
                "durable configuration"
            )
        if request.get("CapacityProviderConfig") is not None and before.capacity_provider_config is None:
            raise InvalidParameterValue(
                "CapacityProviderConfig isn't supported for Lambda Default functions."
            )
        _check_variables(request)

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
        """The configuration of a function that is being created; `check_new` comes first.

        Raises InvalidParameterValue where its parts do not go together.
        """
        runtime = request.get("Runtime", "")
        reason, reason_code = CREATING
        check_state(None, State.PENDING)
        tenancy = request.get("TenancyConfig")
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
            timeout=request.get("Timeout", _default_timeout(request)),
            memory_size=request.get("MemorySize", _default_memory(request)),
            ephemeral_storage=EphemeralStorage(quotas.DEFAULT_EPHEMERAL_STORAGE_MB),
            architectures=tuple(request.get("Architectures") or ("x86_64",)),
            state=State.PENDING,
            state_reason=reason,
            state_reason_code=reason_code,
            runtime_version_config=_runtime_version(key.region, runtime),
            logging_config=_default_logging(key, request),
            tenancy_config=from_document(TenancyConfig, tenancy) if tenancy else None,
        )
        return _checked(with_members(key, fresh, request))

    def changed(
        self,
        key: FunctionKey,
        before: FunctionConfiguration,
        request: UpdateFunctionConfigurationRequestTypeDef,
    ) -> FunctionConfiguration:
        """`before` with the changes of a request; `check_changes` comes first.

        Raises InvalidParameterValue where its parts do not go together.
        """
        given: Mapping[str, Any] = request
        plain: dict[str, Any] = {
            attribute: given[name]
            for attribute, name in _PLAIN_MEMBERS.items()
            if given.get(name) is not None
        }
        if "runtime" in plain:
            plain["runtime_version_config"] = _runtime_version(key.region, plain["runtime"])
        return self.in_progress(_checked(with_members(key, replace(before, **plain), request)))

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


def _checked(configuration: FunctionConfiguration) -> FunctionConfiguration:
    check_configuration(configuration)
    return configuration


def _check_variables(request: Mapping[str, Any]) -> None:
    check_variables((request.get("Environment") or {}).get("Variables") or {})


def _default_timeout(request: CreateFunctionRequestTypeDef) -> int:
    """A durable function may use its whole execution timeout at once, as far as an invocation goes."""
    durable = request.get("DurableConfig")
    if durable is None:
        return quotas.DEFAULT_TIMEOUT_SECONDS
    return min(durable.get("ExecutionTimeout", 0), quotas.TIMEOUT_SECONDS[1])


def _default_memory(request: CreateFunctionRequestTypeDef) -> int:
    managed = request.get("CapacityProviderConfig") is not None
    return quotas.MIN_MANAGED_MEMORY_MB if managed else quotas.DEFAULT_MEMORY_MB


def _default_logging(key: FunctionKey, request: CreateFunctionRequestTypeDef) -> LoggingConfig:
    """Durable functions, and those on managed instances, log in JSON unless something else is asked for."""
    group = f"/aws/lambda/{key.name}"
    if request.get("DurableConfig") is None and request.get("CapacityProviderConfig") is None:
        return LoggingConfig(log_format="Text", log_group=group)
    return LoggingConfig("JSON", application_log_level="INFO", system_log_level="INFO", log_group=group)


def _runtime_version(region: str, runtime: str) -> RuntimeVersionConfig:
    arn = f"arn:{partition(region)}:lambda:{region}::runtime:{runtime_version(runtime)}"
    return RuntimeVersionConfig(runtime_version_arn=arn)
