"""Event source mappings: what one is, and its life as a table of states.

https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from ingle.model.errors import ResourceConflict, ResourceInUse, ResourceNotFound
from ingle.model.eventsources import RULES, SourceType
from ingle.model.names import partition
from ingle.model.states import IllegalTransition


class MappingState(StrEnum):
    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    UPDATING = "Updating"
    DELETING = "Deleting"


# A request leads to a state of the left; the background, when it has done its part, to one of the right.
STATES: dict[MappingState | None, frozenset[MappingState]] = {
    None: frozenset({MappingState.CREATING, MappingState.DISABLED}),
    MappingState.CREATING: frozenset({MappingState.ENABLED}),
    MappingState.ENABLING: frozenset({MappingState.ENABLED}),
    MappingState.DISABLING: frozenset({MappingState.DISABLED}),
    MappingState.UPDATING: frozenset({MappingState.ENABLED, MappingState.DISABLED}),
    MappingState.ENABLED: frozenset({MappingState.DISABLING, MappingState.UPDATING, MappingState.DELETING}),
    MappingState.DISABLED: frozenset({MappingState.ENABLING, MappingState.UPDATING, MappingState.DELETING}),
    MappingState.DELETING: frozenset(),  # then it is gone
}
SETTLED = frozenset({MappingState.ENABLED, MappingState.DISABLED})


class MappingKey(NamedTuple):
    account: str
    region: str
    uuid: str

    @property
    def arn(self) -> str:
        """The EventSourceMappingArn."""
        return (
            f"arn:{partition(self.region)}:lambda:{self.region}:{self.account}:"
            f"event-source-mapping:{self.uuid}"
        )


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """function_arn: as the caller qualified it. enabled: what the caller wants, whatever the state is.
    last_modified: seconds since the epoch. settings: every other member, in AWS's names."""

    key: MappingKey
    source: SourceType
    function_arn: str
    enabled: bool
    state: MappingState
    last_modified: float
    settings: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """The EventSourceMappingConfiguration that AWS answers."""
        return {
            **self.settings,
            "UUID": self.key.uuid,
            "EventSourceMappingArn": self.key.arn,
            "FunctionArn": self.function_arn,
            "LastModified": self.last_modified,
            "State": str(self.state),
            "StateTransitionReason": RULES[self.source].reason,
        }

    @property
    def sources(self) -> tuple[str, ...]:
        """What it reads from: one ARN, or the addresses of a cluster."""
        if self.source is SourceType.KAFKA:
            endpoints = self.settings["SelfManagedEventSource"].get("Endpoints", {})
            return tuple(endpoints.get("KAFKA_BOOTSTRAP_SERVERS", ()))
        return (self.settings["EventSourceArn"],)


def check_transition(before: MappingState | None, after: MappingState) -> None:
    """Raises IllegalTransition where a mapping may not go from `before` to `after`."""
    if after not in STATES[before]:
        raise IllegalTransition(f"an event source mapping in state {before} became {after}")


def settled(mapping: EventSourceMapping) -> MappingState:
    """The state that a mapping is on its way to; one that is being deleted has none and raises
    IllegalTransition."""
    after = MappingState.ENABLED if mapping.enabled else MappingState.DISABLED
    check_transition(mapping.state, after)
    return after


def require_settled(mapping: EventSourceMapping, verb: str) -> None:
    """Refuse to `update` or `delete` a mapping that is on its way. Raises ResourceInUse."""
    if mapping.state not in SETTLED:
        raise ResourceInUse(f"Cannot {verb} the event source mapping because it is in use.")


def not_found() -> ResourceNotFound:
    """AWS's answer to a UUID that no mapping has."""
    return ResourceNotFound("The resource you requested does not exist.")


def is_duplicate(one: EventSourceMapping, other: EventSourceMapping) -> bool:
    """Whether two mappings would read the same for the same function."""
    return (
        one.key != other.key
        and one.function_arn == other.function_arn
        and not set(one.sources).isdisjoint(other.sources)
        and all(one.settings.get(name) == other.settings.get(name) for name in _PART_OF_SOURCE)
        and _database(one) == _database(other)
    )


def duplicate(new: EventSourceMapping, existing: EventSourceMapping) -> ResourceConflict:
    """AWS's answer to a mapping that there is: it has other words for each kind of source."""
    function_name = new.function_arn.split(":")[6]
    uuid = f"Please update or delete the existing mapping with UUID {existing.key.uuid}"
    if new.source in (SourceType.SQS, SourceType.SQS_FIFO):
        return ResourceConflict(
            f'An event source mapping with SQS arn (" {new.sources[0]} ") and function '
            f'(" {function_name} ") already exists. {uuid}'
        )
    if new.source in (SourceType.KINESIS, SourceType.DYNAMODB):
        return ResourceConflict(
            f'The event source arn (" {new.sources[0]} ") and function (" {function_name} ") '
            f"provided mapping already exists. {uuid}"
        )
    parts = [
        f'event source ("{",".join(new.sources)}")',
        f'function ("{new.function_arn}")',
        *(
            f'{name.lower()} ("{",".join(new.settings[name])}")'
            for name in _PART_OF_SOURCE
            if name in new.settings
        ),
    ]
    return ResourceConflict(f"An event source mapping with {', '.join(parts)} already exists. {uuid}")


_PART_OF_SOURCE = ("Topics", "Queues")


def _database(mapping: EventSourceMapping) -> tuple[str | None, str | None]:
    config = mapping.settings.get("DocumentDBEventSourceConfig", {})
    return config.get("DatabaseName"), config.get("CollectionName")
