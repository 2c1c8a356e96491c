"""Capacity providers.

They are kept and answered; functions that are given to one run where all functions run. So nothing is ever
under way: the answer to a creation or an update is the state in which AWS answers it, Pending or Deleting
included, and what is stored is the state that it leads to.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateCapacityProvider.html and its neighbours
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingle.controlplane.functions import read_marker, write_marker
from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.model.capacity import (
    CapacityProvider,
    PermissionsConfig,
    PropagateTags,
    ProviderVpcConfig,
    TelemetryConfig,
    arn_of,
    instance_requirements,
    name_in,
    not_found,
    scaling,
)
from ingle.model.clock import Clock, timestamp
from ingle.model.document import from_document, to_document
from ingle.model.names import LATEST, FunctionKey
from ingle.model.quotas import ITEMS_PER_PAGE
from ingle.model.tags import check_tags
from ingle.store.capacity import CapacityProviders

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateCapacityProviderRequestTypeDef,
        DeleteCapacityProviderRequestTypeDef,
        GetCapacityProviderRequestTypeDef,
        ListCapacityProvidersRequestTypeDef,
        ListFunctionVersionsByCapacityProviderRequestTypeDef,
        UpdateCapacityProviderRequestTypeDef,
    )

_NOTE = "Kept and answered; no instances are launched, functions run where all functions run."


class CapacityProviderOperations:
    """The operations on capacity providers."""

    def __init__(self, providers: CapacityProviders, clock: Clock) -> None:
        self._providers = providers
        self._clock = clock

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("CreateCapacityProvider", self.create_capacity_provider, note=_NOTE)
        handlers.add("GetCapacityProvider", self.get_capacity_provider)
        handlers.add("UpdateCapacityProvider", self.update_capacity_provider, note=_NOTE)
        handlers.add("DeleteCapacityProvider", self.delete_capacity_provider)
        handlers.add("ListCapacityProviders", self.list_capacity_providers)
        handlers.add(
            "ListFunctionVersionsByCapacityProvider", self.list_function_versions_by_capacity_provider
        )

    async def create_capacity_provider(
        self, context: RequestContext, request: CreateCapacityProviderRequestTypeDef
    ) -> Answer:
        tags = request.get("Tags") or {}
        check_tags(tags)
        name = name_in(request["CapacityProviderName"], context.account, context.region)
        provider = CapacityProvider(
            capacity_provider_arn=arn_of(context.account, context.region, name),
            state="Active",
            vpc_config=from_document(ProviderVpcConfig, request["VpcConfig"]),
            permissions_config=from_document(PermissionsConfig, request["PermissionsConfig"]),
            instance_requirements=instance_requirements(request.get("InstanceRequirements")),
            kms_key_arn=request.get("KmsKeyArn"),
            last_modified=timestamp(self._clock.time()),
        )
        provider = _with_options(provider, request)
        await self._providers.create(context.account, context.region, provider, tags)
        return {"CapacityProvider": to_document(replace(provider, state="Pending"))}

    async def get_capacity_provider(
        self, context: RequestContext, request: GetCapacityProviderRequestTypeDef
    ) -> Answer:
        return {"CapacityProvider": to_document(await self._find(context, request["CapacityProviderName"]))}

    async def update_capacity_provider(
        self, context: RequestContext, request: UpdateCapacityProviderRequestTypeDef
    ) -> Answer:
        name = name_in(request["CapacityProviderName"], context.account, context.region)
        now = timestamp(self._clock.time())
        changed = await self._providers.change(
            context.account,
            context.region,
            name,
            lambda before: _with_options(replace(before, last_modified=now), request),
        )
        if changed is None:
            raise not_found(arn_of(context.account, context.region, name))
        return {"CapacityProvider": to_document(changed)}

    async def delete_capacity_provider(
        self, context: RequestContext, request: DeleteCapacityProviderRequestTypeDef
    ) -> Answer:
        provider = await self._find(context, request["CapacityProviderName"])
        if not await self._providers.delete(context.account, context.region, provider.name):
            raise not_found(provider.capacity_provider_arn)
        return {"CapacityProvider": to_document(replace(provider, state="Deleting"))}

    async def list_capacity_providers(
        self, context: RequestContext, request: ListCapacityProvidersRequestTypeDef
    ) -> Answer:
        limit = min(request.get("MaxItems") or ITEMS_PER_PAGE, ITEMS_PER_PAGE)
        after, _ = read_marker(request.get("Marker")) or ("", 0)
        found = await self._providers.page(
            context.account, context.region, state=request.get("State"), limit=limit + 1, after=after
        )
        answer: Answer = {"CapacityProviders": [to_document(provider) for provider in found[:limit]]}
        if len(found) > limit:
            answer["NextMarker"] = write_marker((found[limit - 1].name, 0))
        return answer

    async def list_function_versions_by_capacity_provider(
        self, context: RequestContext, request: ListFunctionVersionsByCapacityProviderRequestTypeDef
    ) -> Answer:
        provider = await self._find(context, request["CapacityProviderName"])
        arn = provider.capacity_provider_arn
        limit = min(request.get("MaxItems") or ITEMS_PER_PAGE, ITEMS_PER_PAGE)
        after = read_marker(request.get("Marker")) or ("", -1)
        found = await self._providers.versions(arn, limit=limit + 1, after=after)
        answer: Answer = {
            "CapacityProviderArn": arn,
            "FunctionVersions": [
                {"FunctionArn": _qualified(context, name, number), "State": state}
                for name, number, state in found[:limit]
            ],
        }
        if len(found) > limit:
            answer["NextMarker"] = write_marker(found[limit - 1][:2])
        return answer

    async def _find(self, context: RequestContext, text: str) -> CapacityProvider:
        name = name_in(text, context.account, context.region)
        found = await self._providers.get(context.account, context.region, name)
        if found is None:
            raise not_found(arn_of(context.account, context.region, name))
        return found


def _with_options(
    provider: CapacityProvider,
    request: CreateCapacityProviderRequestTypeDef | UpdateCapacityProviderRequestTypeDef,
) -> CapacityProvider:
    """The settings that creations and updates have alike. Raises InvalidParameterValue."""
    if (given := request.get("CapacityProviderScalingConfig")) is not None:
        provider = replace(provider, capacity_provider_scaling_config=scaling(given))
    if (tags := request.get("PropagateTags")) is not None:
        provider = replace(provider, propagate_tags=from_document(PropagateTags, tags))
    if (telemetry := request.get("TelemetryConfig")) is not None:
        provider = replace(provider, telemetry_config=from_document(TelemetryConfig, telemetry))
    return provider


def _qualified(context: RequestContext, name: str, number: int) -> str:
    key = FunctionKey(context.account, context.region, name)
    return key.qualified_arn(str(number) if number else LATEST)
