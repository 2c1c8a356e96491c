"""Runtimes, states, variables, clocks: the tables and what they refuse."""

from __future__ import annotations

from datetime import date

import pytest
from botocore.loaders import Loader

from ingle.model import states
from ingle.model.clock import FakeClock, timestamp, utc_date
from ingle.model.errors import InvalidParameterValue, ResourceConflict
from ingle.model.runtimes import RUNTIMES, require_runtime
from ingle.model.states import LastUpdateStatus, State
from ingle.model.variables import RESERVED, check_variables


def test_every_runtime_of_the_service_model_is_in_the_table() -> None:
    enum = set(Loader().load_service_model("lambda", "service-2")["shapes"]["Runtime"]["enum"])
    assert set(RUNTIMES) == enum - {"custom"}  # not a managed runtime: it names a FunctionRuntimeConfig


def test_a_runtime_closes_for_creation_before_it_closes_for_updates() -> None:
    for runtime in RUNTIMES.values():
        if runtime.create_blocked and runtime.update_blocked:
            assert runtime.create_blocked <= runtime.update_blocked, runtime


@pytest.mark.parametrize(
    ("day", "existing", "allowed"),
    [
        (date(2027, 1, 31), False, True),
        (date(2027, 2, 1), False, False),
        (date(2027, 3, 2), True, True),
        (date(2027, 3, 3), True, False),
    ],
)
def test_a_runtime_is_refused_from_the_day_that_aws_names(day: date, existing: bool, allowed: bool) -> None:
    if allowed:
        assert require_runtime("python3.9", day, existing=existing).family == "python"
        return
    with pytest.raises(InvalidParameterValue) as caught:
        require_runtime("python3.9", day, existing=existing)
    assert caught.value.message.startswith("The runtime parameter of python3.9 is no longer supported")


def test_an_unknown_runtime_is_answered_with_the_set() -> None:
    with pytest.raises(InvalidParameterValue) as caught:
        require_runtime("PYTHON3.9", date(2026, 1, 1), existing=False)
    assert caught.value.message.startswith(
        "Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member"
    )
    assert caught.value.message.endswith("] or be a valid ARN")
    assert "python2.7" not in caught.value.message


def test_reserved_variables_are_named_in_the_refusal() -> None:
    with pytest.raises(InvalidParameterValue, match=r"this request: AWS_REGION, _HANDLER$"):
        check_variables({"AWS_REGION": "x", "MINE": "y", "_HANDLER": "z"})
    check_variables({"LANG": "C", "PATH": "/bin", "TZ": "UTC", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"})
    assert "TZ" not in RESERVED


def test_variables_may_measure_4096_bytes_and_not_one_more() -> None:
    overhead = len('{"A":""}')
    check_variables({"A": "x" * (4096 - overhead)})
    with pytest.raises(InvalidParameterValue, match=r'exceeded the 4KB limit. String measured: \{"A":"xxx'):
        check_variables({"A": "x" * (4097 - overhead)})


@pytest.mark.parametrize("before", [None, *State])
@pytest.mark.parametrize("after", list(State))
def test_states_move_only_along_the_table(before: State | None, after: State) -> None:
    legal = {
        (None, State.PENDING),
        (State.PENDING, State.ACTIVE),
        (State.PENDING, State.FAILED),
        (State.FAILED, State.PENDING),
    }
    if (before, after) in legal or before is after:
        states.check_state(before, after)
    else:
        with pytest.raises(states.IllegalTransition):
            states.check_state(before, after)


def test_an_update_cannot_end_twice() -> None:
    states.check_update(LastUpdateStatus.IN_PROGRESS, LastUpdateStatus.SUCCESSFUL)
    with pytest.raises(states.IllegalTransition):
        states.check_update(LastUpdateStatus.SUCCESSFUL, LastUpdateStatus.FAILED)


def test_only_an_active_function_is_invocable_also_while_it_is_updated() -> None:
    states.require_invocable(State.ACTIVE)
    with pytest.raises(ResourceConflict, match=r"currently in the following state: Pending$"):
        states.require_invocable(State.PENDING)


def test_times_are_written_as_lambda_writes_them() -> None:
    clock = FakeClock()
    assert timestamp(clock.time()) == "2026-01-01T00:00:00.000+0000"
    clock.advance(0.0625)
    assert timestamp(clock.time()) == "2026-01-01T00:00:00.062+0000"
    assert utc_date(clock.time()) == date(2026, 1, 1)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
