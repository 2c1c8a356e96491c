"""Log groups, their retention and their tags.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ingle.model.clock import Clock
from ingle.services.logs import tokens
from ingle.services.logs.context import Answer, Context, Handlers
from ingle.services.logs.errors import (
    InvalidOperation,
    InvalidParameter,
    ResourceAlreadyExists,
    TooManyTags,
    refused,
)
from ingle.services.logs.finding import Finder, of_identifier
from ingle.store.loggroups import GroupSelection, LogGroup, LogGroups, new_group

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_PAGE = 50
_TAGS = 50


class GroupOperations:
    """The operations."""

    def __init__(self, groups: LogGroups, finder: Finder, clock: Clock) -> None:
        self._groups = groups
        self._finder = finder
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {
            "CreateLogGroup": self.create,
            "DeleteLogGroup": self.delete,
            "DescribeLogGroups": self.describe,
            "ListLogGroups": self.list_groups,
            "PutLogGroupDeletionProtection": self.protect,
            "PutRetentionPolicy": self.put_retention,
            "DeleteRetentionPolicy": self.delete_retention,
            "TagLogGroup": self.tag_group,
            "UntagLogGroup": self.untag_group,
            "ListTagsLogGroup": self.list_group_tags,
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
            "ListTagsForResource": self.list_resource_tags,
        }

    async def create(self, context: Context, request: Any) -> Answer:
        group = replace(
            new_group(context.key(request["logGroupName"]), int(self._clock.time() * 1_000)),
            log_class=request.get("logGroupClass", "STANDARD"),
            kms_key=request.get("kmsKeyId"),
            protected=request.get("deletionProtectionEnabled", False),
            tags=request.get("tags", {}),
        )
        if not await self._groups.create(group):
            raise ResourceAlreadyExists("The specified log group already exists")
        return {}

    async def delete(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        if group.protected:
            raise InvalidOperation(
                "Log group has deletion protection enabled. Disable it before you delete the log group."
            )
        await self._groups.delete(group.id)
        return {}

    async def protect(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(of_identifier(context, request["logGroupIdentifier"]))
        await self._groups.set_protected(group.id, request["deletionProtectionEnabled"])
        return {}

    async def describe(self, context: Context, request: Any) -> Answer:
        prefix, pattern = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern", "")
        if prefix and pattern:
            raise InvalidParameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        identifiers = request.get("logGroupIdentifiers")
        names = None
        if identifiers is not None:
            names = [of_identifier(context, identifier).name for identifier in identifiers]
        selection = GroupSelection(
            *(context.account, context.region, prefix, pattern, request.get("logGroupClass"), names),
            after=tokens.after_name(request.get("nextToken")),
        )
        shown, token = await self._page(selection, request.get("limit", _PAGE))
        return {"logGroups": [_described(group, filters) for group, filters in shown], **token}

    async def list_groups(self, context: Context, request: Any) -> Answer:
        selection = GroupSelection(
            context.account,
            context.region,
            pattern=request.get("logGroupNamePattern", ""),
            log_class=request.get("logGroupClass"),
            after=tokens.after_name(request.get("nextToken")),
        )
        shown, token = await self._page(selection, request.get("limit", _PAGE))
        summaries = [
            {
                "logGroupName": group.key.name,
                "logGroupArn": group.key.arn,
                "logGroupClass": group.log_class,
            }
            for group, _ in shown
        ]
        return {"logGroups": summaries, **token}

    async def put_retention(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        days = request["retentionInDays"]
        if days not in RETENTIONS:
            allowed = ", ".join(map(str, RETENTIONS))
            raise refused("retentionInDays", days, f"Member must satisfy enum value set: [{allowed}]")
        await self._groups.set_retention(group.id, days)
        return {}

    async def delete_retention(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        await self._groups.set_retention(group.id, None)
        return {}

    async def tag_group(self, context: Context, request: Any) -> Answer:
        return await self._tag(await self._finder.group(context.key(request["logGroupName"])), request)

    async def untag_group(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        return await self._untag(group, request["tags"])

    async def list_group_tags(self, context: Context, request: Any) -> Answer:
        return {"tags": (await self._finder.group(context.key(request["logGroupName"]))).tags}

    async def tag_resource(self, context: Context, request: Any) -> Answer:
        return await self._tag(await self._resource(context, request), request)

    async def untag_resource(self, context: Context, request: Any) -> Answer:
        return await self._untag(await self._resource(context, request), request["tagKeys"])

    async def list_resource_tags(self, context: Context, request: Any) -> Answer:
        return {"tags": (await self._resource(context, request)).tags}

    async def _page(
        self, selection: GroupSelection, limit: int
    ) -> tuple[list[tuple[LogGroup, int]], Mapping[str, str]]:
        found = await self._groups.select(selection, limit + 1)
        shown = found[:limit]
        return shown, {"nextToken": tokens.encode(shown[-1][0].key.name)} if len(found) > limit else {}

    async def _resource(self, context: Context, request: Any) -> LogGroup:
        return await self._finder.group(of_identifier(context, request["resourceArn"]))

    async def _tag(self, group: LogGroup, request: Any) -> Answer:
        tags = {**group.tags, **request["tags"]}
        if len(tags) > _TAGS:
            raise TooManyTags(f"The maximum number of tags for a resource is {_TAGS}.")
        await self._groups.set_tags(group.id, tags)
        return {}

    async def _untag(self, group: LogGroup, keys: list[str]) -> Answer:
        await self._groups.set_tags(group.id, {k: v for k, v in group.tags.items() if k not in keys})
        return {}


def _described(group: LogGroup, metric_filters: int) -> Answer:
    return {
        "logGroupName": group.key.name,
        "creationTime": group.created_at,
        "retentionInDays": group.retention_days,
        "metricFilterCount": metric_filters,
        "arn": f"{group.key.arn}:*",
        "storedBytes": group.stored_bytes,
        "kmsKeyId": group.kms_key,
        "logGroupClass": group.log_class,
        "logGroupArn": group.key.arn,
        "deletionProtectionEnabled": group.protected,
    }
