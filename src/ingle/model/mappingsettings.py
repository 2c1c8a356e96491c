"""The settings of an event source mapping: from a request to its members, with AWS's defaults and refusals.

Recorded answers of AWS give the texts, where there are any; a comment says where there are none. The rules:
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingle.model.destinations import check_destinations, destination
from ingle.model.errors import InvalidParameterValue
from ingle.model.eventpattern import EventPattern, InvalidEventPattern
from ingle.model.eventsources import COMMON, RULES, SourceRules, SourceType

Settings = dict[str, Any]

FILTERS = 5  # per mapping, until AWS raises the quota
FIFO_BATCH = 10
_NOT_SETTINGS = frozenset({"FunctionName", "UUID", "Enabled", "Tags"})
_KAFKA_CONFIGS = ("AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig")
# Structures that an update takes away by giving them empty.
_REMOVABLE = ("FilterCriteria", "ScalingConfig", "ProvisionedPollerConfig", "KMSKeyArn")


def new_settings(source: SourceType, request: Mapping[str, Any], uuid: str, now: float) -> Settings:
    """The members of a new mapping that its creator chooses or leaves to the defaults; `source_type` comes
    first. uuid: the mapping's. now: seconds since the epoch. Raises InvalidParameterValue."""
    rules = RULES[source]
    _check_parameters(source, rules, request)
    for name in rules.required:
        if not request.get(name):
            raise InvalidParameterValue(f"Required '{_camel(name)}' parameter is missing.")
    given = _given(request)
    settings = {**rules.defaults, **given}
    _check_start(source, given, now)
    if _is_queue_mode(given):
        settings.pop("StartingPosition", None)
        settings.setdefault("MaximumRetryAttempts", 0)
    if source in (SourceType.MSK, SourceType.KAFKA):
        config = _KAFKA_CONFIGS[source is SourceType.KAFKA]
        settings[config] = {"ConsumerGroupId": uuid, **settings.get(config, {})}
    if "ProvisionedPollerConfig" in given:
        settings["ProvisionedPollerConfig"] = _provisioned(source, given["ProvisionedPollerConfig"])
    return _completed(source, settings)


def changed_settings(source: SourceType, before: Mapping[str, Any], request: Mapping[str, Any]) -> Settings:
    """The members of a mapping after an update. Raises InvalidParameterValue."""
    _check_parameters(source, RULES[source], request)
    given = _given(request)
    settings = {**before, **given}
    for name in _KAFKA_CONFIGS:
        if name in given:
            settings[name] = _changed_kafka(name, before.get(name, {}), given[name])
    if "SourceAccessConfigurations" in given:
        settings["SourceAccessConfigurations"] = _changed_access(before, given)
    if pollers := given.get("ProvisionedPollerConfig"):
        merged = {**before.get("ProvisionedPollerConfig", {}), **pollers}
        settings["ProvisionedPollerConfig"] = _provisioned(source, merged)
    return _completed(source, settings)


def _completed(source: SourceType, settings: Settings) -> Settings:
    """`settings` without what is empty, checked as a whole."""
    for name in _REMOVABLE:
        if not settings.get(name):
            settings.pop(name, None)
    if "DestinationConfig" in settings:
        arn = destination(settings["DestinationConfig"], "OnFailure")
        settings["DestinationConfig"] = {"OnFailure": {"Destination": arn} if arn else {}}
    _check_batch(source, settings)
    _check_filters(settings)
    _check_retries(settings)
    _check_access(RULES[source], settings)
    return settings


def _check_parameters(source: SourceType, rules: SourceRules, request: Mapping[str, Any]) -> None:
    """Refuse what this kind of source does not take."""
    destinations = request.get("DestinationConfig")
    if destinations is not None:
        if "DestinationConfig" not in rules.parameters or destinations.get("OnSuccess") is not None:
            raise InvalidParameterValue(
                "Unsupported DestinationConfig parameter for given event source mapping type."
            )
        check_destinations(destinations, frozenset(), rules.destinations)
    for name, value in request.items():
        if value is None or name in COMMON or name in rules.parameters:
            continue
        if name == "StartingPosition" and source in (SourceType.SQS, SourceType.SQS_FIFO):
            raise InvalidParameterValue("StartingPosition is not valid for SQS event sources.")
        raise _unsupported(_camel(name))


def _unsupported(name: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"Unsupported '{name}' parameter for given event source mapping type.")


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _given(request: Mapping[str, Any]) -> Settings:
    """The settings of a request; moments as seconds since the epoch."""
    return {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in request.items()
        if value is not None and name not in _NOT_SETTINGS
    }


def _check_start(source: SourceType, given: Settings, now: float) -> None:
    position, moment = given.get("StartingPosition"), given.get("StartingPositionTimestamp")
    if position is None:
        if source in (SourceType.KINESIS, SourceType.DYNAMODB):
            raise InvalidParameterValue(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
                "Member must not be null."
            )
    elif position not in RULES[source].positions:
        raise InvalidParameterValue(
            f"Unsupported starting position for arn type: {given.get('EventSourceArn')}"
        )
    if position == "AT_TIMESTAMP" and moment is None:
        raise InvalidParameterValue("Need to specify a timestamp")
    if position != "AT_TIMESTAMP" and moment is not None:
        raise _unsupported("startingPositionTimestamp")
    if moment is not None and moment > now:
        # The documentation's sentence: nobody has recorded the answer.
        raise InvalidParameterValue("StartingPositionTimestamp cannot be in the future.")


def _is_queue_mode(settings: Settings) -> bool:
    """Whether a self-managed Kafka is read as a queue; refuses what only a stream has."""
    if settings.get("SelfManagedKafkaEventSourceConfig", {}).get("ConsumptionMode") != "Queue":
        return False
    for name in ("StartingPosition", "StartingPositionTimestamp", "MaximumBatchingWindowInSeconds"):
        if name in settings:
            raise _unsupported(_camel(name))
    if settings.get("MaximumRetryAttempts") == -1:
        raise _unsupported("maximumRetryAttempts")
    return True


def _check_batch(source: SourceType, settings: Settings) -> None:
    size, window = settings["BatchSize"], settings.get("MaximumBatchingWindowInSeconds", 0)
    if source is SourceType.SQS_FIFO:
        if window > 0:
            raise InvalidParameterValue("Batching window is not supported for FIFO queues")
        if size > FIFO_BATCH:
            # As it was recorded of all queues when none had larger batches.
            raise InvalidParameterValue("Maximum batch size must be between 1 and 10 inclusive")
    if source is SourceType.SQS and size > 10 and window == 0:
        raise InvalidParameterValue(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    if "ScalingConfig" in settings and "ProvisionedPollerConfig" in settings:
        raise InvalidParameterValue(
            "Provisioned mode for SQS ESM does not support maximum concurrency feature. "
            "Use MaximumPollers as the control mechanism and remove maximum concurrency."
        )


def _check_filters(settings: Settings) -> None:
    criteria = settings.get("FilterCriteria")
    if criteria is None:
        return
    filters = criteria.get("Filters") or []
    if not filters:
        del settings["FilterCriteria"]
    if len(filters) > FILTERS:
        # Lambda answers with an error, as the documentation says; nobody has recorded its words.
        raise InvalidParameterValue(f"Number of filters exceeds the limit of {FILTERS}.")
    for each in filters:
        try:
            EventPattern.parse(each.get("Pattern") or "")
        except InvalidEventPattern:
            raise InvalidParameterValue("Invalid filter pattern definition.") from None


def _check_retries(settings: Settings) -> None:
    if -1 < settings.get("MaximumRecordAgeInSeconds", -1) < 60:
        raise InvalidParameterValue(
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"
        )


def _check_access(rules: SourceRules, settings: Settings) -> None:
    for access in settings.get("SourceAccessConfigurations", ()):
        if access.get("Type") not in rules.access:
            raise _unsupported("sourceAccessConfigurations.type")


def _provisioned(source: SourceType, given: Mapping[str, Any]) -> Settings:
    """A ProvisionedPollerConfig with what it leaves out. Raises InvalidParameterValue."""
    least, most = RULES[source].pollers
    if source in (SourceType.SQS, SourceType.SQS_FIFO) and given.get("PollerGroupName") is not None:
        raise _unsupported("provisionedPollerConfig.pollerGroupName")
    if given.get("MinimumPollers") is None and given.get("MaximumPollers") is None:
        raise InvalidParameterValue(
            "Either MinimumPollers or MaximumPollers are required if ProvisionedPollerConfig is provided."
        )
    pollers = {"MinimumPollers": least, "MaximumPollers": 200, **given}
    minimum, maximum = pollers["MinimumPollers"], pollers["MaximumPollers"]
    if not (least <= minimum <= 200 and minimum <= maximum <= most):
        raise InvalidParameterValue(
            f"MinimumPollers should be between [{least}, 200] and "
            f"MaximumPollers should be between [MinimumPollers, {most}]"
        )
    return pollers


def _changed_kafka(name: str, before: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """A consumer group and a mode are for life; an empty schema registry takes it away."""
    for fixed in ("ConsumerGroupId", "ConsumptionMode"):
        if given.get(fixed) is not None:
            raise _unsupported(f"{_camel(name)}.{_camel(fixed)}")
    merged = {**before, **given}
    return {key: value for key, value in merged.items() if value}


def _changed_access(before: Mapping[str, Any], given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A virtual host is for life; everything else is replaced."""
    if any(access.get("Type") == "VIRTUAL_HOST" for access in given["SourceAccessConfigurations"]):
        raise _unsupported("sourceAccessConfigurations.type")
    hosts = [a for a in before.get("SourceAccessConfigurations", ()) if a.get("Type") == "VIRTUAL_HOST"]
    return [*given["SourceAccessConfigurations"], *hosts]
