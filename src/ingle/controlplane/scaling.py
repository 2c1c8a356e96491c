"""Function scaling config: environments of a version that runs on instances of one's own.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionScalingConfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.controlplane.naming import own_function
from ingle.model.concurrency import FunctionScaling
from ingle.model.document import from_document
from ingle.model.errors import InvalidParameterValue
from ingle.model.function import FunctionVersion
from ingle.store.concurrency import Concurrency
from ingle.store.functions import Functions

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        GetFunctionScalingConfigRequestTypeDef,
        PutFunctionScalingConfigRequestTypeDef,
    )


class ScalingOperations:
    """The operations on function scaling configs."""

    def __init__(self, functions: Functions, concurrency: Concurrency) -> None:
        self._functions = functions
        self._concurrency = concurrency

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add(
            "PutFunctionScalingConfig",
            self.put_function_scaling_config,
            note="Kept and answered; every function runs on this node's own environments.",
        )
        handlers.add("GetFunctionScalingConfig", self.get_function_scaling_config)

    async def put_function_scaling_config(
        self, context: RequestContext, request: PutFunctionScalingConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "PutFunctionScalingConfig", request["Qualifier"]
        version = await self._version(context, request["FunctionName"], action, qualifier)
        scaling = from_document(FunctionScaling, dict(request.get("FunctionScalingConfig") or {}))
        least, most = scaling.min_execution_environments, scaling.max_execution_environments
        if least is not None and most is not None and least > most:
            raise InvalidParameterValue(
                "MinExecutionEnvironments must be less than or equal to MaxExecutionEnvironments."
            )
        await self._concurrency.put_scaling(version.key, version.version, scaling)
        return {"FunctionState": str(version.configuration.state)}

    async def get_function_scaling_config(
        self, context: RequestContext, request: GetFunctionScalingConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "GetFunctionScalingConfig", request["Qualifier"]
        version = await self._version(context, request["FunctionName"], action, qualifier)
        scaling = (await self._concurrency.scaling(version.key, version.version)).document()
        return {
            "FunctionArn": version.qualified_arn,
            "AppliedFunctionScalingConfig": scaling,
            "RequestedFunctionScalingConfig": scaling,
        }

    async def _version(
        self, context: RequestContext, name: str, action: str, qualifier: str
    ) -> FunctionVersion:
        """The version that a request is about. Raises CallerError where there is none with instances."""
        reference = own_function(context, name, action, qualifier)
        found = await self._functions.get(reference.key, qualifier)
        if found is None:
            raise reference.not_found()
        if found.configuration.capacity_provider_config is None:
            raise InvalidParameterValue(
                "Function scaling configuration is only supported for functions with a capacity provider."
            )
        return found
