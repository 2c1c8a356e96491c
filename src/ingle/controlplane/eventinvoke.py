"""Settings of asynchronous invocation: put, update, read, list, delete.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html and its neighbours
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.model.clock import Clock
from ingle.model.destinations import ON_FAILURE, ON_SUCCESS, check_destinations, destination, invalid_arn
from ingle.model.errors import InvalidParameterValue, ResourceNotFound
from ingle.model.eventinvoke import EventInvokeConfig, merged, require_a_setting
from ingle.model.names import LATEST, FunctionReference, parse_function_name
from ingle.model.quotas import ITEMS_PER_PAGE
from ingle.store.eventinvoke import EventInvokeConfigs
from ingle.store.functions import Functions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda.type_defs import (
        DeleteFunctionEventInvokeConfigRequestTypeDef,
        GetFunctionEventInvokeConfigRequestTypeDef,
        ListFunctionEventInvokeConfigsRequestTypeDef,
        PutFunctionEventInvokeConfigRequestTypeDef,
        UpdateFunctionEventInvokeConfigRequestTypeDef,
    )

_NOT_ACTED_UPON = "Kept and answered; there are no asynchronous invocations yet."


class EventInvokeOperations:
    """The operations on settings of asynchronous invocation."""

    def __init__(self, configs: EventInvokeConfigs, functions: Functions, clock: Clock) -> None:
        self._configs = configs
        self._functions = functions
        self._clock = clock

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("PutFunctionEventInvokeConfig", self.put_function_event_invoke_config, _NOT_ACTED_UPON)
        handlers.add(
            "UpdateFunctionEventInvokeConfig", self.update_function_event_invoke_config, _NOT_ACTED_UPON
        )
        handlers.add("GetFunctionEventInvokeConfig", self.get_function_event_invoke_config)
        handlers.add("ListFunctionEventInvokeConfigs", self.list_function_event_invoke_configs)
        handlers.add("DeleteFunctionEventInvokeConfig", self.delete_function_event_invoke_config)

    async def put_function_event_invoke_config(
        self, context: RequestContext, request: PutFunctionEventInvokeConfigRequestTypeDef
    ) -> Answer:
        reference = await self._checked(context, request, "PutFunctionEventInvokeConfig")
        config = merged(EventInvokeConfig(self._now()), request, self._now())
        return (await self._configs.put(reference, lambda before: config)).document(reference)

    async def update_function_event_invoke_config(
        self, context: RequestContext, request: UpdateFunctionEventInvokeConfigRequestTypeDef
    ) -> Answer:
        reference = await self._checked(context, request, "UpdateFunctionEventInvokeConfig")

        def change(before: EventInvokeConfig | None) -> EventInvokeConfig:
            if before is None:
                raise _not_found(reference)
            return merged(before, request, self._now())

        return (await self._configs.put(reference, change)).document(reference)

    async def get_function_event_invoke_config(
        self, context: RequestContext, request: GetFunctionEventInvokeConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "GetFunctionEventInvokeConfig")
        found = await self._configs.get(reference)
        if found is None:
            raise _not_found(reference)
        return found.document(reference)

    async def list_function_event_invoke_configs(
        self, context: RequestContext, request: ListFunctionEventInvokeConfigsRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "ListFunctionEventInvokeConfigs")
        page = await self._configs.page(
            reference.key,
            limit=request.get("MaxItems") or ITEMS_PER_PAGE,
            after=request.get("Marker") or "",
        )
        answer: Answer = {
            "FunctionEventInvokeConfigs": [config.document(named) for named, config in page.configs]
        }
        if page.next is not None:
            answer["NextMarker"] = page.next
        return answer

    async def delete_function_event_invoke_config(
        self, context: RequestContext, request: DeleteFunctionEventInvokeConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "DeleteFunctionEventInvokeConfig")
        if not await self._configs.delete(reference):
            raise _not_found(reference)
        return {}

    async def _checked(
        self, context: RequestContext, request: Mapping[str, Any], action: str
    ) -> FunctionReference:
        """The function that a change is about, whose destinations are good. Raises CallerError."""
        require_a_setting(request)
        reference = _reference(context, request, action)
        if await self._functions.get(reference.key, reference.qualifier or LATEST) is None:
            raise ResourceNotFound("The function doesn't exist.")
        config = request.get("DestinationConfig") or {}
        check_destinations(config, ON_SUCCESS, ON_FAILURE)
        for side in ("OnSuccess", "OnFailure"):
            arn = destination(config, side)
            if arn is not None and arn.split(":")[2] == "lambda":
                await self._check_function(context, reference, arn)
        return reference

    async def _check_function(self, context: RequestContext, reference: FunctionReference, arn: str) -> None:
        """Refuse a function as the destination of itself, and one of this account that is not there."""
        try:
            target = parse_function_name(arn, context.account, context.region)
        except (ResourceNotFound, InvalidParameterValue):
            raise invalid_arn(arn) from None
        if target.key == reference.key:
            raise InvalidParameterValue("You can't specify the function as a destination for itself.")
        is_own = target.key.account == context.account
        if is_own and await self._functions.get(target.key, target.qualifier or LATEST) is None:
            raise invalid_arn(arn)

    def _now(self) -> float:
        return round(self._clock.time(), 3)


def _reference(context: RequestContext, request: Mapping[str, Any], action: str) -> FunctionReference:
    """The function as it is qualified; unqualified it is `$LATEST`."""
    reference = parse_function_name(
        request["FunctionName"], context.account, context.region, request.get("Qualifier")
    )
    require_own_account(context, reference.key, action)
    return replace(reference, qualifier=reference.qualifier or LATEST)


def _not_found(reference: FunctionReference) -> ResourceNotFound:
    return ResourceNotFound(f"The function {reference.arn} doesn't have an EventInvokeConfig")
