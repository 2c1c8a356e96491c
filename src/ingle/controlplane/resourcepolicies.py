"""Whole resource-based policies: the same ones that AddPermission writes statement by statement.

https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html and its neighbours
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.controlplane.naming import own_function
from ingle.controlplane.permissions import NOTE, refuse_latest
from ingle.model.errors import ResourceNotFound
from ingle.model.names import FunctionReference
from ingle.model.policy import Policy, StoredPolicy, check_revision
from ingle.model.policydocument import read_policy
from ingle.store.policies import Change, FunctionPolicies

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        DeleteResourcePolicyRequestTypeDef,
        GetResourcePolicyRequestTypeDef,
        PutResourcePolicyRequestTypeDef,
    )


class ResourcePolicyOperations:
    """The operations on policies as a whole."""

    def __init__(self, policies: FunctionPolicies) -> None:
        self._policies = policies

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("PutResourcePolicy", self.put_resource_policy, note=NOTE)
        handlers.add("GetResourcePolicy", self.get_resource_policy)
        handlers.add("DeleteResourcePolicy", self.delete_resource_policy)

    async def put_resource_policy(
        self, context: RequestContext, request: PutResourcePolicyRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request["ResourceArn"], "PutResourcePolicy")
        refuse_latest(reference)
        policy = read_policy(request["Policy"], reference.arn)

        def put(stored: StoredPolicy | None) -> Policy:
            check_revision(stored, request.get("RevisionId"), "GetResourcePolicy")
            return policy

        return _described(await self._change(reference, put))

    async def get_resource_policy(
        self, context: RequestContext, request: GetResourcePolicyRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request["ResourceArn"], "GetResourcePolicy")
        return _described(await self._policies.get(reference))

    async def delete_resource_policy(
        self, context: RequestContext, request: DeleteResourcePolicyRequestTypeDef
    ) -> Answer:
        reference = _reference(context, request["ResourceArn"], "DeleteResourcePolicy")

        def delete(stored: StoredPolicy | None) -> None:
            if stored is None:
                raise _not_there()
            check_revision(stored, request.get("RevisionId"), "GetResourcePolicy")

        await self._change(reference, delete)
        return {}

    async def _change(self, reference: FunctionReference, change: Change) -> StoredPolicy | None:
        try:
            return await self._policies.change(reference, change)
        except KeyError:
            raise _not_there() from None


def _reference(context: RequestContext, arn: str, action: str) -> FunctionReference:
    if ":function:" not in arn:  # a runtime's ARN: there are no runtimes of one's own here
        raise _not_there()
    return own_function(context, arn, action)


def _described(stored: StoredPolicy | None) -> Answer:
    if stored is None:
        raise _not_there()
    return {"Policy": stored.policy.text, "RevisionId": stored.revision_id}


def _not_there() -> ResourceNotFound:
    return ResourceNotFound("The resource you requested does not exist.")
