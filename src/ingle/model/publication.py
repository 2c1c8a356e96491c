"""Published versions: immutable snapshots of `$LATEST`.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
"""

from __future__ import annotations

from dataclasses import replace

from ingle.model.function import BOOKKEEPING, FunctionConfiguration, SnapStart, digest
from ingle.model.states import CREATING, LastUpdateStatus, State

_OF_ONE_VERSION = BOOKKEEPING | {"Version", "LastModified"}


def content(latest: FunctionConfiguration) -> str:
    """A digest of what a publication of `$LATEST` keeps: while it stays the same, there is nothing new to
    publish."""
    return digest(latest, _OF_ONE_VERSION)


def snapshot(
    latest: FunctionConfiguration, number: int, revision_id: str, description: str | None = None
) -> FunctionConfiguration:
    """What is kept of `$LATEST` under a version's number; `description` replaces that of `$LATEST`.

    The version is as settled as `$LATEST` is; if that is being updated, it is a new version, still Pending.
    """
    kept = replace(
        latest,
        version=str(number),
        revision_id=revision_id,
        description=latest.description if description is None else description,
        snap_start=_optimised(latest.snap_start),
    )
    if latest.last_update_status is not LastUpdateStatus.IN_PROGRESS:
        return kept
    reason, reason_code = CREATING
    return replace(
        kept,
        state=State.PENDING,
        state_reason=reason,
        state_reason_code=reason_code,
        last_update_status=None,
        last_update_status_reason=None,
        last_update_status_reason_code=None,
    )


def _optimised(setting: SnapStart) -> SnapStart:
    """Published versions are, `$LATEST` never: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""
    return replace(setting, optimization_status="On") if setting.apply_on == "PublishedVersions" else setting
