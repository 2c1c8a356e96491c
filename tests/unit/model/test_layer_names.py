"""Names and ARNs of layers, and layer versions as they are stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.model.errors import InvalidParameterValue, ResourceNotFound
from ingle.model.function import Code
from ingle.model.layers import (
    LayerKey,
    LayerVersion,
    check_number,
    parse_layer_name,
    parse_layer_version_arn,
)

NAMES = st.text("abcXYZ0189-_", min_size=1, max_size=20)
KEYS = st.builds(
    LayerKey,
    st.text("0123456789", min_size=12, max_size=12),
    st.sampled_from(["us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"]),
    NAMES,
)


@given(KEYS, st.integers(1, 10**17))
def test_arns_are_read_as_they_are_written(key: LayerKey, number: int) -> None:
    assert parse_layer_version_arn(key.version(number).arn) == key.version(number)
    assert parse_layer_name(key.arn, "999999999999", "eu-west-1") == key
    assert parse_layer_version_arn(key.arn) is None


@given(NAMES)
def test_a_name_is_the_caller_s_own_layer(name: str) -> None:
    assert parse_layer_name(name, "1" * 12, "eu-west-1") == LayerKey("1" * 12, "eu-west-1", name)


@pytest.mark.parametrize(
    "arn", ["", "x", "arn:aws:lambda:::awslayer:Some", "arn:aws:lambda:us-east-1:1:layer:l:1", "a" * 3000]
)
def test_what_names_no_layer_version_here_is_none(arn: str) -> None:
    assert parse_layer_version_arn(arn) is None


@given(
    st.none() | st.lists(st.sampled_from(["x86_64", "arm64"]), unique=True).map(tuple),
    st.none() | st.lists(st.sampled_from(["python3.12", "nodejs22.x"]), unique=True).map(tuple),
    st.none() | st.just("MIT"),
)
def test_a_layer_version_is_read_as_it_is_stored(
    architectures: tuple[str, ...] | None, runtimes: tuple[str, ...] | None, license_info: str | None
) -> None:
    key, code = LayerKey("1" * 12, "eu-west-1", "l"), Code("ab" * 32, 7)
    version = LayerVersion(key, code, "d", "2026-01-01", architectures, runtimes, license_info, 3)
    document = version.document()
    assert LayerVersion.of(key, code, document) == version
    # What was not said is left out, what was said to be none is an empty list.
    assert document.get("CompatibleRuntimes") == (None if runtimes is None else list(runtimes))


def test_numbers_that_no_version_has_are_refused() -> None:
    for number in (0, -1, -(10**30)):
        with pytest.raises(InvalidParameterValue, match="Layer Version Cannot be less than 1"):
            check_number(number)
    with pytest.raises(ResourceNotFound):
        check_number(2**63)
    check_number(1)
