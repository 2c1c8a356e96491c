"""A configuration has every member that AWS's has, and survives being stored."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from hypothesis import given
from hypothesis import strategies as st

from ingle.model.document import members
from ingle.model.function import Code, EphemeralStorage, FunctionConfiguration, generation
from ingle.model.states import LastUpdateStatus, State

# Structures in which AWS's response and ours differ only in the name of the structure.
MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"))


def configuration(**changes: Any) -> FunctionConfiguration:
    base: dict[str, Any] = {
        "function_name": "f",
        "function_arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "role": "arn:aws:iam::000000000000:role/r",
        "code_size": 1,
        "code_sha256": Code("00" * 32, 1).base64,
        "last_modified": "2026-01-01T00:00:00.000+0000",
        "revision_id": "r1",
        "timeout": 3,
        "memory_size": 128,
        "ephemeral_storage": EphemeralStorage(512),
        "architectures": ("x86_64",),
        "state": State.PENDING,
    }
    return FunctionConfiguration(**(base | changes))


def assert_same_members(cls: type, shape: Shape) -> None:
    ours = {name: kind for _, name, kind in members(cls)}
    assert set(ours) == set(shape.members), cls
    for name, kind in ours.items():
        inner = shape.members[name]
        if typing.get_origin(kind) is tuple and inner.type_name == "list":
            kind, inner = typing.get_args(kind)[0], inner.member
        if dataclasses.is_dataclass(kind):
            assert isinstance(kind, type)
            assert_same_members(kind, inner)


def test_every_member_of_awss_configuration_has_its_place() -> None:
    assert_same_members(FunctionConfiguration, MODEL.shape_for("FunctionConfiguration"))


def test_the_states_are_the_service_models_states() -> None:
    assert set(State) == set(MODEL.shape_for("State").enum)
    assert set(LastUpdateStatus) == set(MODEL.shape_for("LastUpdateStatus").enum)


TEXT = st.text(max_size=12)


def _strategy(cls: type) -> st.SearchStrategy[Any]:
    def of(kind: Any) -> st.SearchStrategy[Any]:
        if typing.get_origin(kind) is tuple:
            return st.lists(of(typing.get_args(kind)[0]), max_size=3).map(tuple)
        if typing.get_origin(kind) is not None:
            return st.dictionaries(TEXT, TEXT, max_size=3)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            return _strategy(kind)
        if issubclass(kind, (State, LastUpdateStatus)):
            return st.sampled_from(list(kind))
        return {str: TEXT, int: st.integers(), bool: st.booleans(), float: st.floats(0, 9)}[kind]

    optional = {f.name for f in dataclasses.fields(cls) if f.default is None}
    return st.builds(
        cls,
        **{a: (st.none() | of(k)) if a in optional else of(k) for a, _, k in members(cls)},
    )


@given(_strategy(FunctionConfiguration))
def test_a_stored_configuration_comes_back_as_it_was(original: FunctionConfiguration) -> None:
    assert FunctionConfiguration.of(json.loads(json.dumps(original.document()))) == original


def test_states_do_not_make_another_generation_and_everything_else_does() -> None:
    before = configuration()
    flipped = configuration(state=State.ACTIVE, revision_id="r2", last_update_status="Successful")
    assert generation(before) == generation(flipped)
    assert generation(before) != generation(configuration(memory_size=256))
    assert generation(before) != generation(configuration(code_sha256=Code("01" * 32, 1).base64))


def test_a_code_digest_reads_both_ways() -> None:
    code = Code("ab" * 32, 10)
    assert Code.hexadecimal(code.base64) == code.sha256
