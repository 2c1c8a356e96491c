"""Function URLs: create, read, update, list, delete.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html and its neighbours. As AWS
recorded it, the answers to creations and updates have an InvokeMode only where the request has one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.model.clock import Clock
from ingle.model.functionurl import FunctionUrl, address, iso_time, new_url_id
from ingle.model.names import FunctionReference, parse_function_name
from ingle.model.quotas import ITEMS_PER_PAGE
from ingle.store.urls import FunctionUrls, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda.type_defs import (
        CreateFunctionUrlConfigRequestTypeDef,
        DeleteFunctionUrlConfigRequestTypeDef,
        GetFunctionUrlConfigRequestTypeDef,
        ListFunctionUrlConfigsRequestTypeDef,
        UpdateFunctionUrlConfigRequestTypeDef,
    )

_NOT_SERVED = "Kept and answered; nothing serves the URL yet."


class UrlOperations:
    """The operations on function URLs."""

    def __init__(self, urls: FunctionUrls, clock: Clock) -> None:
        self._urls = urls
        self._clock = clock

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("CreateFunctionUrlConfig", self.create_function_url_config, note=_NOT_SERVED)
        handlers.add("GetFunctionUrlConfig", self.get_function_url_config)
        handlers.add("UpdateFunctionUrlConfig", self.update_function_url_config, note=_NOT_SERVED)
        handlers.add("ListFunctionUrlConfigs", self.list_function_url_configs)
        handlers.add("DeleteFunctionUrlConfig", self.delete_function_url_config)

    async def create_function_url_config(
        self, context: RequestContext, request: CreateFunctionUrlConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "CreateFunctionUrlConfig")
        now = iso_time(self._clock.time())
        url = _changed(FunctionUrl(new_url_id(), request["AuthType"], now, now), request, now)
        await self._urls.create(reference, url)
        answer = _answer(context, reference, url)
        del answer["LastModifiedTime"]
        return _as_asked(answer, request)

    async def get_function_url_config(
        self, context: RequestContext, request: GetFunctionUrlConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "GetFunctionUrlConfig")
        found = await self._urls.get(reference)
        if found is None:
            raise not_found()
        return _answer(context, reference, found)

    async def update_function_url_config(
        self, context: RequestContext, request: UpdateFunctionUrlConfigRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "UpdateFunctionUrlConfig")
        now = iso_time(self._clock.time())
        changed = await self._urls.update(reference, lambda before: _changed(before, request, now))
        return _as_asked(_answer(context, reference, changed), request)

    async def list_function_url_configs(
        self, context: RequestContext, request: ListFunctionUrlConfigsRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request, "ListFunctionUrlConfigs")
        page = await self._urls.page(
            reference.key,
            limit=request.get("MaxItems") or ITEMS_PER_PAGE,
            start=request.get("Marker") or "",
        )
        answer: Answer = {"FunctionUrlConfigs": [_answer(context, named, url) for named, url in page.urls]}
        if page.next is not None:
            answer["NextMarker"] = page.next
        return answer

    async def delete_function_url_config(
        self, context: RequestContext, request: DeleteFunctionUrlConfigRequestTypeDef
    ) -> Answer:
        if not await self._urls.delete(_reference(context, request, "DeleteFunctionUrlConfig")):
            raise not_found()
        return {}


def _reference(context: RequestContext, request: Mapping[str, Any], action: str) -> FunctionReference:
    reference = parse_function_name(
        request["FunctionName"], context.account, context.region, request.get("Qualifier")
    )
    require_own_account(context, reference.key, action)
    return reference


def _changed(before: FunctionUrl, request: Mapping[str, Any], now: str) -> FunctionUrl:
    """`before` with what a request names; an empty Cors takes it away."""
    cors = request.get("Cors")
    return replace(
        before,
        auth_type=request.get("AuthType") or before.auth_type,
        invoke_mode=request.get("InvokeMode") or before.invoke_mode,
        cors=before.cors if cors is None else cors or None,
        last_modified_time=now,
    )


def _answer(context: RequestContext, reference: FunctionReference, url: FunctionUrl) -> Answer:
    answer: Answer = {
        "FunctionUrl": address(url.url_id, context.region, context.endpoint),
        "FunctionArn": reference.arn,
        "AuthType": url.auth_type,
        "CreationTime": url.creation_time,
        "LastModifiedTime": url.last_modified_time,
        "InvokeMode": url.invoke_mode,
    }
    if url.cors is not None:
        answer["Cors"] = dict(url.cors)
    return answer


def _as_asked(answer: Answer, request: Mapping[str, Any]) -> Answer:
    if "InvokeMode" not in request:
        del answer["InvokeMode"]
    return answer
