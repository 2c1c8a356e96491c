"""Settings of a function besides its configuration: recursive loops and runtime updates.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html
https://docs.aws.amazon.com/lambda/latest/api/API_PutRuntimeManagementConfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.model.errors import InvalidParameterValue
from ingle.model.function import FunctionVersion
from ingle.model.names import LATEST, FunctionReference, parse_function_name
from ingle.model.states import require_settled
from ingle.store.functions import Functions
from ingle.store.functionsettings import FunctionSettings, RuntimeManagement

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        GetFunctionRecursionConfigRequestTypeDef,
        GetRuntimeManagementConfigRequestTypeDef,
        PutFunctionRecursionConfigRequestTypeDef,
        PutRuntimeManagementConfigRequestTypeDef,
    )


class SettingsOperations:
    """The operations on these settings."""

    def __init__(self, settings: FunctionSettings, functions: Functions) -> None:
        self._settings = settings
        self._functions = functions

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add(
            "PutFunctionRecursionConfig",
            self.put_function_recursion_config,
            note="Kept and answered; recursive loops are not detected.",
        )
        handlers.add("GetFunctionRecursionConfig", self.get_function_recursion_config)
        handlers.add(
            "PutRuntimeManagementConfig",
            self.put_runtime_management_config,
            note="Kept and answered; a runtime has the one version that is installed.",
        )
        handlers.add("GetRuntimeManagementConfig", self.get_runtime_management_config)

    async def put_function_recursion_config(
        self, context: RequestContext, request: PutFunctionRecursionConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request["FunctionName"], "PutFunctionRecursionConfig")
        if not await self._settings.put_recursion(reference.key, request["RecursiveLoop"]):
            raise reference.not_found()
        return {"RecursiveLoop": request["RecursiveLoop"]}

    async def get_function_recursion_config(
        self, context: RequestContext, request: GetFunctionRecursionConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request["FunctionName"], "GetFunctionRecursionConfig")
        await self._version(reference)
        return {"RecursiveLoop": await self._settings.recursion(reference.key)}

    async def put_runtime_management_config(
        self, context: RequestContext, request: PutRuntimeManagementConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "PutRuntimeManagementConfig", request.get("Qualifier")
        reference = _reference(context, request["FunctionName"], action, qualifier)
        management = _management(request)
        configuration = (await self._version(reference)).configuration
        require_settled(configuration.state, configuration.last_update_status, reference.arn)
        if not await self._settings.put_runtime_management(reference.key, configuration.version, management):
            raise reference.not_found()
        return _described(reference, management)

    async def get_runtime_management_config(
        self, context: RequestContext, request: GetRuntimeManagementConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "GetRuntimeManagementConfig", request.get("Qualifier")
        reference = _reference(context, request["FunctionName"], action, qualifier)
        version = await self._version(reference)
        return _described(reference, await self._settings.runtime_management(reference.key, version.version))

    async def _version(self, reference: FunctionReference) -> FunctionVersion:
        found = await self._functions.get(reference.key, reference.qualifier or LATEST)
        if found is None:
            raise reference.not_found()
        return found


def _reference(
    context: RequestContext, name: str, action: str, qualifier: str | None = None
) -> FunctionReference:
    reference = parse_function_name(name, context.account, context.region, qualifier)
    require_own_account(context, reference.key, action)
    return reference


def _management(request: PutRuntimeManagementConfigRequestTypeDef) -> RuntimeManagement:
    """Raises InvalidParameterValue for a version without the mode that keeps it, and the reverse."""
    mode, arn = request["UpdateRuntimeOn"], request.get("RuntimeVersionArn")
    if mode == "Manual" and not arn:
        raise InvalidParameterValue("RuntimeVersionArn is required when UpdateRuntimeOn is set to Manual.")
    if mode != "Manual" and arn:
        raise InvalidParameterValue(
            f"RuntimeVersionArn cannot be specified when UpdateRuntimeOn is set to {mode}."
        )
    return RuntimeManagement(mode, arn)


def _described(reference: FunctionReference, management: RuntimeManagement) -> Answer:
    answer: Answer = {"UpdateRuntimeOn": management.update_runtime_on, "FunctionArn": reference.arn}
    if management.runtime_version_arn is not None:
        answer["RuntimeVersionArn"] = management.runtime_version_arn
    return answer
