"""What a function's configuration refers to by ARN has to be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ingle.controlplane.handlers import RequestContext
from ingle.model.capacity import name_in, not_found
from ingle.model.errors import InvalidParameterValue
from ingle.store.capacity import CapacityProviders
from ingle.store.codesigning import CodeSigningConfigs
from ingle.store.codesigning import not_found as config_not_found


class Roles(Protocol):
    """IAM, as far as functions need it."""

    async def assumable(self, arn: str) -> bool:
        """Whether there is such a role and Lambda may assume it."""
        ...


class References:
    """Looks up what requests refer to. Without `roles`, every role is taken for one that is there."""

    def __init__(
        self, providers: CapacityProviders, code_signing: CodeSigningConfigs, roles: Roles | None = None
    ) -> None:
        self._roles = roles
        self._providers = providers
        self._code_signing = code_signing

    async def check(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        """Refuse a creation or an update that refers to what is not there.

        Raises ResourceNotFound for a capacity provider, CodeSigningConfigNotFound, InvalidParameterValue for
        a role that Lambda cannot assume.
        """
        role = request.get("Role")
        if role and self._roles is not None and not await self._roles.assumable(role):
            raise InvalidParameterValue("The role defined for the function cannot be assumed by Lambda.")
        account, region = context.account, context.region
        if capacity := request.get("CapacityProviderConfig"):
            arn = capacity["LambdaManagedInstancesCapacityProviderConfig"]["CapacityProviderArn"]
            if await self._providers.get(account, region, name_in(arn, account, region)) is None:
                raise not_found(arn)
        arn = request.get("CodeSigningConfigArn")
        if arn and await self._code_signing.get(account, region, arn) is None:
            raise config_not_found(arn)
