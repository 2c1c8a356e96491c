"""Provisioned concurrency: environments that are ready before they are needed.

https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html and its neighbours.
Counted against the account and answered; environments are not started ahead yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.functions import read_marker, write_marker
from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.controlplane.lifecycle import Lifecycle
from ingle.controlplane.naming import own_function, own_whole_function
from ingle.model.clock import Clock, timestamp_seconds
from ingle.model.errors import (
    InvalidParameterValue,
    ProvisionedConcurrencyConfigNotFound,
    ResourceNotFound,
)
from ingle.model.names import LATEST, FunctionReference, is_version_number
from ingle.model.quotas import FUNCTIONS_PER_PAGE
from ingle.store.concurrency import Concurrency
from ingle.store.functions import Functions

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        DeleteProvisionedConcurrencyConfigRequestTypeDef,
        GetProvisionedConcurrencyConfigRequestTypeDef,
        ListProvisionedConcurrencyConfigsRequestTypeDef,
        PutProvisionedConcurrencyConfigRequestTypeDef,
    )


class ProvisionedOperations:
    """The operations on provisioned concurrency; `lifecycle` ends the allocations that they begin."""

    def __init__(
        self, functions: Functions, concurrency: Concurrency, lifecycle: Lifecycle, clock: Clock
    ) -> None:
        self._functions = functions
        self._concurrency = concurrency
        self._lifecycle = lifecycle
        self._clock = clock
        lifecycle.settle_also(concurrency.settle)

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add(
            "PutProvisionedConcurrencyConfig",
            self.put_provisioned_concurrency_config,
            note="Kept, counted against the account and answered; no environments are started ahead.",
        )
        handlers.add("GetProvisionedConcurrencyConfig", self.get_provisioned_concurrency_config)
        handlers.add("ListProvisionedConcurrencyConfigs", self.list_provisioned_concurrency_configs)
        handlers.add("DeleteProvisionedConcurrencyConfig", self.delete_provisioned_concurrency_config)

    async def put_provisioned_concurrency_config(
        self, context: RequestContext, request: PutProvisionedConcurrencyConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "PutProvisionedConcurrencyConfig", request["Qualifier"]
        reference = own_function(context, request["FunctionName"], action, qualifier)
        if qualifier == LATEST:
            raise InvalidParameterValue(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        requested = request["ProvisionedConcurrentExecutions"]
        now = timestamp_seconds(self._clock.time())
        provisioned = await self._concurrency.provision(reference.key, qualifier, requested, now)
        if provisioned is None:
            raise _not_found(reference)
        self._lifecycle.wake()
        return provisioned.document()

    async def get_provisioned_concurrency_config(
        self, context: RequestContext, request: GetProvisionedConcurrencyConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "GetProvisionedConcurrencyConfig", request["Qualifier"]
        reference = await self._existing(context, request["FunctionName"], action, qualifier)
        found = await self._concurrency.provisioned(reference.key, qualifier)
        if found is None:
            raise ProvisionedConcurrencyConfigNotFound(
                "No Provisioned Concurrency Config found for this function"
            )
        return found.document()

    async def list_provisioned_concurrency_configs(
        self, context: RequestContext, request: ListProvisionedConcurrencyConfigsRequestTypeDef
    ) -> Answer:
        action = "ListProvisionedConcurrencyConfigs"
        reference = own_whole_function(context, request["FunctionName"], action)
        page = await self._concurrency.page(
            reference.key,
            limit=request.get("MaxItems") or FUNCTIONS_PER_PAGE,
            after=_after(request.get("Marker")),
        )
        if page is None:
            raise reference.not_found()
        configs = [{"FunctionArn": config.arn, **config.document()} for config in page.configs]
        answer: Answer = {"ProvisionedConcurrencyConfigs": configs}
        if page.next is not None:
            answer["NextMarker"] = write_marker((page.next, 0))
        return answer

    async def delete_provisioned_concurrency_config(
        self, context: RequestContext, request: DeleteProvisionedConcurrencyConfigRequestTypeDef
    ) -> Answer:
        action, qualifier = "DeleteProvisionedConcurrencyConfig", request["Qualifier"]
        reference = await self._existing(context, request["FunctionName"], action, qualifier)
        await self._concurrency.unprovision(reference.key, qualifier)  # nothing provisioned is no error
        return {}

    async def _existing(
        self, context: RequestContext, name: str, action: str, qualifier: str
    ) -> FunctionReference:
        """The version or alias that a request is about. Raises CallerError where it is none."""
        reference = own_function(context, name, action, qualifier)
        if qualifier == LATEST:
            raise InvalidParameterValue(
                "The function resource provided must be an alias or a published version."
            )
        if await self._functions.get(reference.key, qualifier) is None:
            raise _not_found(reference)
        return reference


def _after(marker: str | None) -> str | None:
    position = read_marker(marker)
    return None if position is None else position[0]


def _not_found(reference: FunctionReference) -> ResourceNotFound:
    if reference.qualifier is not None and is_version_number(reference.qualifier):
        return reference.not_found()
    return ResourceNotFound(f"Cannot find alias arn: {reference.arn}")
