"""Tags: how many a resource may have, and which keys are not the caller's.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html#configuration-tags-restrictions
Lengths and characters are the service model's own constraints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingle.model.errors import InvalidParameterValue

TAGS_PER_RESOURCE = 50


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
