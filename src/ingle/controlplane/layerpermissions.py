"""Permissions to use layer versions.

https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html and its neighbours
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.model.errors import ResourceNotFound
from ingle.model.layers import LayerReference, check_number, parse_layer_name
from ingle.model.names import partition
from ingle.model.permissions import layer_statement
from ingle.model.policy import (
    Policy,
    StoredPolicy,
    check_revision,
    no_policy,
    to_text,
    with_statement,
    without_statement,
)
from ingle.store.layers import Layers

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        AddLayerVersionPermissionRequestTypeDef,
        GetLayerVersionPolicyRequestTypeDef,
        RemoveLayerVersionPermissionRequestTypeDef,
    )

_NOTE = "What is open to an organization is open to nobody: accounts here belong to none."
_REVISION_FROM = "GetLayerPolicy"  # AWS's own word, though its operation is GetLayerVersionPolicy


class LayerPermissionOperations:
    """The operations on the policies of layer versions."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("AddLayerVersionPermission", self.add_layer_version_permission, note=_NOTE)
        handlers.add("RemoveLayerVersionPermission", self.remove_layer_version_permission)
        handlers.add("GetLayerVersionPolicy", self.get_layer_version_policy)

    async def add_layer_version_permission(
        self, context: RequestContext, request: AddLayerVersionPermissionRequestTypeDef
    ) -> Answer:
        action = "AddLayerVersionPermission"
        reference = _reference(context, request["LayerName"], request["VersionNumber"], action)
        statement = layer_statement(request, reference.arn, partition(context.region))

        def add(stored: StoredPolicy | None) -> Policy:
            after = with_statement(stored, statement)
            check_revision(stored, request.get("RevisionId"), _REVISION_FROM)
            return after

        revision_id = await self._change(reference, add)
        return {"Statement": to_text(statement), "RevisionId": revision_id}

    async def remove_layer_version_permission(
        self, context: RequestContext, request: RemoveLayerVersionPermissionRequestTypeDef
    ) -> Answer:
        action = "RemoveLayerVersionPermission"
        reference = _reference(context, request["LayerName"], request["VersionNumber"], action)

        def remove(stored: StoredPolicy | None) -> Policy | None:
            if stored is None:
                raise no_policy()
            check_revision(stored, request.get("RevisionId"), _REVISION_FROM)
            return without_statement(stored.policy, request["StatementId"])

        await self._change(reference, remove)
        return {}

    async def get_layer_version_policy(
        self, context: RequestContext, request: GetLayerVersionPolicyRequestTypeDef
    ) -> Answer:
        action = "GetLayerVersionPolicy"
        reference = _reference(context, request["LayerName"], request["VersionNumber"], action)
        if await self._layers.get(reference) is None:
            raise ResourceNotFound(reference.does_not_exist())
        stored = await self._layers.policy(reference)
        if stored is None:
            raise no_policy()
        return {"Policy": stored.policy.text, "RevisionId": stored.revision_id}

    async def _change(
        self, reference: LayerReference, change: Callable[[StoredPolicy | None], Policy | None]
    ) -> str | None:
        try:
            return await self._layers.change_policy(reference, change)
        except KeyError:
            raise ResourceNotFound(reference.does_not_exist()) from None


def _reference(context: RequestContext, name: str, number: int, action: str) -> LayerReference:
    check_number(number)
    key = parse_layer_name(name, context.account, context.region)
    require_own_account(context, key, action)
    return key.version(number)
