"""Permissions: the statements of the policies of functions, versions and aliases, one by one.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html and its neighbours
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.controlplane.naming import own_function
from ingle.model.errors import InvalidParameterValue, ResourceNotFound
from ingle.model.names import LATEST, FunctionReference, is_version_number, partition
from ingle.model.permissions import function_statement
from ingle.model.policy import (
    Policy,
    StoredPolicy,
    check_revision,
    no_policy,
    to_text,
    with_statement,
    without_statement,
)
from ingle.store.policies import Change, FunctionPolicies

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        AddPermissionRequestTypeDef,
        GetPolicyRequestTypeDef,
        RemovePermissionRequestTypeDef,
    )

NOTE = "Kept and answered; no invocation is refused or allowed by it yet."


class PermissionOperations:
    """The operations on single statements."""

    def __init__(self, policies: FunctionPolicies) -> None:
        self._policies = policies

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("AddPermission", self.add_permission, note=NOTE)
        handlers.add("RemovePermission", self.remove_permission)
        handlers.add("GetPolicy", self.get_policy)

    async def add_permission(self, context: RequestContext, request: AddPermissionRequestTypeDef) -> Answer:
        action, qualifier = "AddPermission", request.get("Qualifier")
        reference = own_function(context, request["FunctionName"], action, qualifier)
        refuse_latest(reference)

        def add(stored: StoredPolicy | None) -> Policy:
            check_revision(stored, request.get("RevisionId"), "GetPolicy")
            statement = function_statement(request, reference.arn, partition(context.region))
            return with_statement(stored, statement)

        added = await self._change(reference, add)
        return {"Statement": added and to_text(added.policy.statements[-1])}

    async def remove_permission(
        self, context: RequestContext, request: RemovePermissionRequestTypeDef
    ) -> Answer:
        action, qualifier = "RemovePermission", request.get("Qualifier")
        reference = own_function(context, request["FunctionName"], action, qualifier)
        if not await self._policies.function_exists(reference):
            raise ResourceNotFound(f"No policy found for: {reference.key.arn}")

        def remove(stored: StoredPolicy | None) -> Policy | None:
            if stored is None:
                raise no_policy()
            left = without_statement(stored.policy, request["StatementId"])
            check_revision(stored, request.get("RevisionId"), "GetPolicy")
            return left

        await self._change(reference, remove)
        return {}

    async def get_policy(self, context: RequestContext, request: GetPolicyRequestTypeDef) -> Answer:
        reference = own_function(context, request["FunctionName"], "GetPolicy", request.get("Qualifier"))
        stored = await self._policies.get(reference)
        if stored is None:
            raise ResourceNotFound("The resource you requested does not exist.")
        return {"Policy": stored.policy.text, "RevisionId": stored.revision_id}

    async def _change(self, reference: FunctionReference, change: Change) -> StoredPolicy | None:
        try:
            return await self._policies.change(reference, change)
        except KeyError:
            raise await self._missing(reference) from None

    async def _missing(self, reference: FunctionReference) -> ResourceNotFound:
        """What is missing: the function, or only its version or alias."""
        qualifier = reference.qualifier
        if qualifier is None or not await self._policies.function_exists(reference):
            return ResourceNotFound(f"Function not found: {reference.key.arn}")
        if is_version_number(qualifier) or qualifier == LATEST or "$" in qualifier:
            return reference.not_found()
        return ResourceNotFound(f"Cannot find alias arn: {reference.arn}")


def refuse_latest(reference: FunctionReference) -> None:
    """Refuse a policy for `$LATEST` by that name: what is unqualified stands for it. Raises
    InvalidParameterValue."""
    if reference.qualifier == LATEST:
        raise InvalidParameterValue("We currently do not support adding policies for $LATEST.")
