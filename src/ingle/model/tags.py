"""Tags: how many a resource may have, and which keys are not the caller's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html#configuration-tags-restrictions
Lengths and characters are the service model's own constraints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ingle.model.errors import InvalidParameterValue, ResourceNotFound

TAGS_PER_RESOURCE = 50


class ResourceKind(StrEnum):
    """What can be tagged, as AWS names it in its texts."""

    FUNCTION = "Function"
    EVENT_SOURCE_MAPPING = "Event source mapping"
    CODE_SIGNING_CONFIG = "Code signing config"
    CAPACITY_PROVIDER = "Capacity provider"


_KINDS = {
    "function": ResourceKind.FUNCTION,
    "event-source-mapping": ResourceKind.EVENT_SOURCE_MAPPING,
    "code-signing-config": ResourceKind.CODE_SIGNING_CONFIG,
    "capacity-provider": ResourceKind.CAPACITY_PROVIDER,
}


@dataclass(frozen=True, slots=True)
class TaggedResource:
    """A resource as its ARN names it; `identifier` is a name, a UUID or an id, by its kind."""

    arn: str
    kind: ResourceKind
    account: str
    region: str
    identifier: str


def tagged_resource(arn: str, region: str) -> TaggedResource:
    """The resource that `arn`, which the service model has checked, names for a caller in `region`.

    Raises InvalidParameterValue for a version or alias of a function, ResourceNotFound for what cannot be
    there: in another region, or of a kind that Ingle does not have.
    """
    _, _, _, its_region, account, kind_name, identifier, *qualifier = arn.split(":")
    if qualifier:
        raise InvalidParameterValue(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    kind = _KINDS.get(kind_name)
    if kind is None or its_region != region:
        raise ResourceNotFound(f"{kind or kind_name.replace('-', ' ').capitalize()} not found: {arn}")
    return TaggedResource(arn, kind, account, region, identifier)


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags for a new resource. Raises InvalidParameterValue."""
    _refuse_system_tags(tags)
    _refuse_too_many(tags)


def with_tags(before: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """The tags of a resource after some were added. Raises InvalidParameterValue, also where none is."""
    if not added:
        raise InvalidParameterValue("An error occurred and the request cannot be processed.")
    _refuse_system_tags(added)
    tags = {**before, **added}
    _refuse_too_many(tags)
    return tags


def without_tags(before: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """The tags of a resource after those were taken away; keys that it does not have are no error."""
    gone = frozenset(keys)
    return {key: value for key, value in before.items() if key not in gone}


def _refuse_system_tags(tags: Iterable[str]) -> None:
    if any(key.lower().startswith("aws:") for key in tags):
        # Nobody has recorded Lambda's words for this; these are other services' of AWS.
        raise InvalidParameterValue("System tags cannot be added/updated by requester.")


def _refuse_too_many(tags: Mapping[str, str]) -> None:
    if len(tags) > TAGS_PER_RESOURCE:
        raise InvalidParameterValue("Number of tags exceeds resource tag limit.")
