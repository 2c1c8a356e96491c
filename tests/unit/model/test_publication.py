"""What a version keeps of `$LATEST`, and when there is nothing new to keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.model.test_function import configuration

from ingle.model.function import FunctionConfiguration, SnapStart
from ingle.model.publication import content, snapshot
from ingle.model.states import LastUpdateStatus, State


def settled(**changes: Any) -> FunctionConfiguration:
    return configuration(
        state=State.ACTIVE, last_update_status=LastUpdateStatus.SUCCESSFUL, description="d", **changes
    )


def test_a_version_of_a_settled_function_is_settled() -> None:
    latest = settled()
    kept = snapshot(latest, 7, "r7")
    assert kept == replace(latest, version="7", revision_id="r7")
    assert snapshot(latest, 7, "r7", "mine").description == "mine"
    assert snapshot(latest, 7, "r7", "").description == ""


def test_a_version_of_a_function_on_its_way_is_a_new_one() -> None:
    updating = replace(settled(), last_update_status=LastUpdateStatus.IN_PROGRESS)
    kept = snapshot(updating, 7, "r7")
    assert (kept.state, kept.state_reason_code, kept.last_update_status) == (State.PENDING, "Creating", None)


def test_only_versions_are_optimised_for_snapstart() -> None:
    assert snapshot(settled(), 1, "r").snap_start.optimization_status == "Off"
    chosen = settled(snap_start=SnapStart("PublishedVersions", "Off"))
    assert snapshot(chosen, 1, "r").snap_start.optimization_status == "On"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"revision_id": "other"}, True),
        ({"last_modified": "2027-01-01T00:00:00.000+0000"}, True),
        ({"last_update_status": LastUpdateStatus.IN_PROGRESS}, True),
        ({"description": "other"}, False),
        ({"memory_size": 256}, False),
        ({"code_sha256": "AAAA"}, False),
    ],
)
def test_what_changes_the_content_of_a_publication(change: dict[str, Any], same: bool) -> None:
    assert (content(settled()) == content(replace(settled(), **change))) is same
