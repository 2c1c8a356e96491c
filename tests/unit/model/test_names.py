"""Function names in every form that AWS takes."""

from __future__ import annotations

import re

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from ingle.model.errors import InvalidParameterValue, ResourceNotFound, ValidationError
from ingle.model.names import PATTERN, parse_function_name, parse_new_function_name, partition

ACCOUNT, REGION = "000000000000", "eu-central-1"
NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)


@given(NAMES, st.none() | st.sampled_from(["$LATEST", "7", "prod"]))
def test_every_form_names_the_same_function(name: str, qualifier: str | None) -> None:
    suffix = f":{qualifier}" if qualifier else ""
    forms = [
        name,
        f"function:{name}",
        f"{ACCOUNT}:function:{name}",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
    ]
    if name == "function":  # `function:7` is read as the function named 7, by AWS's pattern as well
        forms.remove(name)
    references = {parse_function_name(form + suffix, ACCOUNT, REGION) for form in forms}
    assert len(references) == 1
    reference = references.pop()
    assert reference.qualifier == qualifier
    assert reference.arn == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}{suffix}"


def test_the_quoted_pattern_is_the_service_models() -> None:
    shapes = Loader().load_service_model("lambda", "service-2")["shapes"]
    assert shapes["NamespacedFunctionName"]["pattern"] == PATTERN


@given(st.text(max_size=60) | st.from_regex(PATTERN, fullmatch=True))
def test_what_awss_pattern_refuses_is_refused(text: str) -> None:
    allowed = re.fullmatch(PATTERN, text, re.ASCII) is not None
    try:
        parse_function_name(text, ACCOUNT, REGION)
    except ValidationError:
        assert not allowed or text.startswith("arn::")  # an ARN without a partition names nothing
    except ResourceNotFound:
        assert allowed  # it names a function, of another region
    else:
        assert allowed


def test_two_qualifiers_have_to_agree() -> None:
    assert parse_function_name("f:1", ACCOUNT, REGION, "1").qualifier == "1"
    with pytest.raises(InvalidParameterValue, match="does not match the specified qualifier"):
        parse_function_name("f:1", ACCOUNT, REGION, "2")


def test_a_function_of_another_region_is_not_reachable() -> None:
    with pytest.raises(
        ResourceNotFound, match=r"Functions from 'us-east-1' are not reachable in this region"
    ):
        parse_function_name(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f", ACCOUNT, REGION)


def test_a_new_name_has_at_most_64_characters_whatever_its_arn() -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    assert parse_new_function_name(arn + "a" * 64, ACCOUNT, REGION).name == "a" * 64
    with pytest.raises(InvalidParameterValue, match="length less than or equal to 64"):
        parse_new_function_name("a" * 65, ACCOUNT, REGION)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_region_lies_in_its_partition(region: str, expected: str) -> None:
    assert partition(region) == expected
