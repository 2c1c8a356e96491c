"""Event source mappings: the table of states, and settings that keep to their kind of source."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.mappings import LEAST

from ingle.model.errors import InvalidParameterValue, ResourceInUse
from ingle.model.eventsources import RULES, SourceType, source_type
from ingle.model.mappings import (
    SETTLED,
    STATES,
    EventSourceMapping,
    MappingKey,
    MappingState,
    check_transition,
    require_settled,
    settled,
)
from ingle.model.mappingsettings import changed_settings, new_settings
from ingle.model.states import IllegalTransition

UUID, NOW = "00000000-0000-0000-0000-000000000000", 1_767_225_600.0
# Values that the service model lets through, for every parameter that updates have as well.
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "BatchSize": st.integers(1, 10_000),
        "MaximumBatchingWindowInSeconds": st.integers(0, 300),
        "ParallelizationFactor": st.integers(1, 10),
        "MaximumRecordAgeInSeconds": st.integers(-1, 604_800),
        "MaximumRetryAttempts": st.integers(-1, 10_000),
        "BisectBatchOnFunctionError": st.booleans(),
        "TumblingWindowInSeconds": st.integers(0, 900),
        "FunctionResponseTypes": st.sampled_from([[], ["ReportBatchItemFailures"]]),
        "ScalingConfig": st.sampled_from([{}, {"MaximumConcurrency": 2}]),
        "FilterCriteria": st.sampled_from([{}, {"Filters": []}, {"Filters": [{"Pattern": '{"a":[1]}'}]}]),
        "ProvisionedPollerConfig": st.sampled_from(
            [{}, {"MinimumPollers": 1}, {"MinimumPollers": 2}, {"MaximumPollers": 2_001}]
        ),
        "DestinationConfig": st.sampled_from(
            [{}, {"OnFailure": {}}, {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}}]
        ),
        "KMSKeyArn": st.sampled_from(["", "arn:aws:kms:us-east-1:000000000000:key/k"]),
    },
)
SOURCES = st.sampled_from(SourceType)
COMMON = {"BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria", "KMSKeyArn"}


def fitting(source: SourceType) -> st.SearchStrategy[dict[str, Any]]:
    """Changes of parameters that this kind of source takes."""
    allowed = RULES[source].parameters | COMMON
    return CHANGES.map(lambda given_: {name: given_[name] for name in given_.keys() & allowed})


def mapping(state: MappingState, *, enabled: bool) -> EventSourceMapping:
    key = MappingKey("000000000000", "us-east-1", UUID)
    return EventSourceMapping(key, SourceType.SQS, "arn", enabled, state, NOW, {})


def test_every_source_is_told_apart() -> None:
    assert {kind: source_type(request) for kind, request in LEAST.items()} == {k: k for k in LEAST}
    assert set(LEAST) == set(RULES) == set(SourceType)


@pytest.mark.parametrize("state", MappingState)
def test_a_transition_ends_and_only_requests_begin_one(state: MappingState) -> None:
    if state in SETTLED:
        assert STATES[state].isdisjoint(SETTLED)
        require_settled(mapping(state, enabled=True), "update")
        return
    with pytest.raises(ResourceInUse, match="Cannot update the event source mapping because it is in use"):
        require_settled(mapping(state, enabled=True), "update")
    assert STATES[state] <= SETTLED
    assert bool(STATES[state]) is (state is not MappingState.DELETING)


@given(st.sampled_from(MappingState), st.booleans())
def test_what_is_settled_is_what_its_owner_wants_or_nothing(state: MappingState, enabled: bool) -> None:
    try:
        after = settled(mapping(state, enabled=enabled))
    except IllegalTransition:
        assert (MappingState.ENABLED if enabled else MappingState.DISABLED) not in STATES[state]
    else:
        assert after is (MappingState.ENABLED if enabled else MappingState.DISABLED)


def test_a_step_that_the_table_does_not_have_is_a_bug() -> None:
    with pytest.raises(IllegalTransition):
        check_transition(MappingState.ENABLED, MappingState.CREATING)


@given(SOURCES, CHANGES)
def test_settings_are_refused_or_keep_to_their_source(source: SourceType, given_: dict[str, Any]) -> None:
    rules = RULES[source]
    try:
        settings = new_settings(source, {**LEAST[source], **given_}, UUID, NOW)
    except InvalidParameterValue:
        return
    assert set(given_) <= rules.parameters | COMMON
    assert rules.defaults.keys() <= settings.keys()
    assert changed_settings(source, settings, {}) == settings


@given(SOURCES.flatmap(lambda source: st.tuples(st.just(source), fitting(source), fitting(source))))
def test_an_update_gives_what_a_creation_with_it_would(
    drawn: tuple[SourceType, dict[str, Any], dict[str, Any]],
) -> None:
    source, first, second = drawn
    second.pop("ProvisionedPollerConfig", None)  # alone, it is merged
    try:
        before = new_settings(source, {**LEAST[source], **first}, UUID, NOW)
        after = changed_settings(source, before, second)
    except InvalidParameterValue:
        return
    pollers = first.get("ProvisionedPollerConfig")
    assert after == new_settings(source, {**LEAST[source], **first, **second}, UUID, NOW)
    assert ("ProvisionedPollerConfig" in after) is bool(pollers)
