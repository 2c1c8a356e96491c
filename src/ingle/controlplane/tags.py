"""Tags: add, remove, list, for every kind of resource alike.

https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html and its neighbours
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.model.errors import AccessDenied
from ingle.model.tags import TaggedResource, tagged_resource, with_tags, without_tags
from ingle.store.tags import Tags

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        ListTagsRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )


class TagOperations:
    """The operations on tags."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("TagResource", self.tag_resource)
        handlers.add("UntagResource", self.untag_resource)
        handlers.add("ListTags", self.list_tags)

    async def tag_resource(self, context: RequestContext, request: TagResourceRequestTypeDef) -> Answer:
        resource = _resource(context, request["Resource"], "TagResource")
        await self._tags.change(resource, lambda before: with_tags(before, request["Tags"]))
        return {}

    async def untag_resource(self, context: RequestContext, request: UntagResourceRequestTypeDef) -> Answer:
        resource = _resource(context, request["Resource"], "UntagResource")
        await self._tags.change(resource, lambda before: without_tags(before, request["TagKeys"]))
        return {}

    async def list_tags(self, context: RequestContext, request: ListTagsRequestTypeDef) -> Answer:
        return {"Tags": await self._tags.get(_resource(context, request["Resource"], "ListTags"))}


def _resource(context: RequestContext, arn: str, action: str) -> TaggedResource:
    resource = tagged_resource(arn, context.region)
    if resource.account != context.account:
        raise AccessDenied(
            f"User: arn:aws:iam::{context.account}:root is not authorized to perform: lambda:{action} "
            f"on resource: {arn}"
        )
    return resource
