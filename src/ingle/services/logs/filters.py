"""Metric filters and subscription filters: their definitions, and TestMetricFilter.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingle.model.clock import Clock
from ingle.services.logs import tokens
from ingle.services.logs.context import Answer, Context, Handlers
from ingle.services.logs.errors import InvalidParameter, LimitExceeded, ResourceNotFound
from ingle.services.logs.finding import Finder
from ingle.services.logs.patterns import fields, parse
from ingle.store.logfilters import Kind, LogFilter, LogFilters

_PAGE = 50
_MOST: Mapping[Kind, int] = {"metric": 100, "subscription": 2}
_DOCUMENT: Mapping[Kind, tuple[str, ...]] = {
    "metric": (
        "filterPattern",
        "metricTransformations",
        "applyOnTransformedLogs",
        "fieldSelectionCriteria",
        "emitSystemFieldDimensions",
    ),
    "subscription": (
        "filterPattern",
        "destinationArn",
        "roleArn",
        "distribution",
        "applyOnTransformedLogs",
        "fieldSelectionCriteria",
        "emitSystemFields",
    ),
}
# Destinations that are written to by a role.
_BY_ROLE = ("kinesis", "firehose")


class FilterOperations:
    """The operations."""

    def __init__(self, filters: LogFilters, finder: Finder, clock: Clock) -> None:
        self._filters = filters
        self._finder = finder
        self._clock = clock

    @property
    def handlers(self) -> Handlers:
        return {
            "PutSubscriptionFilter": self.put_subscription,
            "DescribeSubscriptionFilters": self.describe_subscriptions,
            "DeleteSubscriptionFilter": self.delete_subscription,
            "PutMetricFilter": self.put_metric,
            "DescribeMetricFilters": self.describe_metrics,
            "DeleteMetricFilter": self.delete_metric,
            "TestMetricFilter": self.test_metric,
        }

    async def put_subscription(self, context: Context, request: Any) -> Answer:
        parts = request["destinationArn"].split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or parts[2] not in ("lambda", "logs", *_BY_ROLE):
            raise InvalidParameter("PutSubscriptionFilter operation cannot work with destinationArn")
        if parts[2] in _BY_ROLE and "roleArn" not in request:
            raise InvalidParameter(f"destinationArn for vendor {parts[2]} cannot be used without roleArn")
        if parts[2] == "lambda" and "roleArn" in request:
            raise InvalidParameter("destinationArn for vendor lambda cannot be used with roleArn")
        return await self._put(context, request, "subscription")

    async def describe_subscriptions(self, context: Context, request: Any) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        prefix, after = request.get("filterNamePrefix", ""), tokens.after_name(request.get("nextToken"))
        limit = request.get("limit", _PAGE)
        found = await self._filters.of_group(
            group.id, group.key.name, "subscription", prefix, after, limit + 1
        )
        answer: Answer = {"subscriptionFilters": [_described(each) for each in found[:limit]]}
        for shown in answer["subscriptionFilters"]:
            shown.setdefault("distribution", "ByLogStream")
        if len(found) > limit:
            answer["nextToken"] = tokens.encode(found[limit - 1].name)
        return answer

    async def delete_subscription(self, context: Context, request: Any) -> Answer:
        return await self._delete(context, request, "subscription")

    async def put_metric(self, context: Context, request: Any) -> Answer:
        return await self._put(context, request, "metric")

    async def describe_metrics(self, context: Context, request: Any) -> Answer:
        name, namespace = request.get("metricName"), request.get("metricNamespace")
        if (name is None) != (namespace is None):
            raise InvalidParameter("metricName and metricNamespace must be given together.")
        prefix, limit = request.get("filterNamePrefix", ""), request.get("limit", _PAGE)
        token = request.get("nextToken")
        group_name, last = ("", "") if token is None else tokens.decode(token, str, str)
        after = (str(group_name), str(last))
        if "logGroupName" in request:
            group = await self._finder.group(context.key(request["logGroupName"]))
            found = await self._filters.of_group(
                group.id, group.key.name, "metric", prefix, after[1], limit + 1
            )
        else:
            found = await self._filters.of_region(
                context.account, context.region, "metric", prefix, after, limit + 1
            )
        shown = [each for each in found[:limit] if name is None or _is_of(each, name, namespace)]
        answer: Answer = {"metricFilters": [_described(each) for each in shown]}
        if len(found) > limit:
            answer["nextToken"] = tokens.encode(found[limit - 1].group, found[limit - 1].name)
        return answer

    async def delete_metric(self, context: Context, request: Any) -> Answer:
        return await self._delete(context, request, "metric")

    async def test_metric(self, context: Context, request: Any) -> Answer:
        pattern = parse(request["filterPattern"])
        matches = [
            {
                "eventNumber": number,
                "eventMessage": message,
                "extractedValues": fields(request["filterPattern"], message),
            }
            for number, message in enumerate(request["logEventMessages"], 1)
            if pattern(message)
        ]
        return {"matches": matches}

    async def _put(self, context: Context, request: Any, kind: Kind) -> Answer:
        parse(request["filterPattern"])
        group = await self._finder.group(context.key(request["logGroupName"]))
        document = {name: request[name] for name in _DOCUMENT[kind] if name in request}
        now = int(self._clock.time() * 1_000)
        filter = LogFilter(group.key.name, request["filterName"], now, document)
        if not await self._filters.put(group.id, kind, filter, _MOST[kind]):
            raise LimitExceeded("Resource limit exceeded.")
        return {}

    async def _delete(self, context: Context, request: Any, kind: Kind) -> Answer:
        group = await self._finder.group(context.key(request["logGroupName"]))
        if not await self._filters.delete(group.id, kind, request["filterName"]):
            raise ResourceNotFound(f"The specified {kind} filter does not exist.")
        return {}


def _described(filter: LogFilter) -> Answer:
    return {
        "filterName": filter.name,
        "logGroupName": filter.group,
        "creationTime": filter.created_at,
        **filter.document,
    }


def _is_of(filter: LogFilter, name: str, namespace: str) -> bool:
    return any(
        each["metricName"] == name and each["metricNamespace"] == namespace
        for each in filter.document["metricTransformations"]
    )
