"""Which versions may share an alias, in AWS's words."""

from __future__ import annotations

import pytest

from ingle.model.alias import AdditionalVersion, Alias, additional_version, check_routing
from ingle.model.errors import InvalidParameterValue
from ingle.model.names import FunctionKey

KEY = FunctionKey("000000000000", "us-east-1", "f")


def test_an_alias_is_answered_with_its_weights_where_it_has_some() -> None:
    plain = Alias(KEY, "prod", "1", "", "r")
    assert plain.document() == {
        "AliasArn": "arn:aws:lambda:us-east-1:000000000000:function:f:prod",
        "Name": "prod",
        "FunctionVersion": "1",
        "Description": "",
        "RevisionId": "r",
    }
    shared = Alias(KEY, "prod", "1", "", "r", AdditionalVersion("2", 0.1))
    assert shared.document()["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}}


def test_no_more_than_one_further_version_shares() -> None:
    assert additional_version({}) is None
    assert additional_version({"2": 0.5}) == AdditionalVersion("2", 0.5)
    with pytest.raises(InvalidParameterValue) as caught:
        additional_version({"2": 0.1, "3": 0.1})
    assert caught.value.message == "Number of items in AdditionalVersionWeights cannot be greater than 1"


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (
            "2",
            "Invalid function version 2. Function version 2 is already included in routing configuration.",
        ),
        ("$LATEST", "$LATEST is not supported for an alias pointing to more than 1 version"),
    ],
)
def test_versions_that_cannot_share_are_refused(version: str, text: str) -> None:
    check_routing(version, None)
    with pytest.raises(InvalidParameterValue) as caught:
        check_routing(version, AdditionalVersion("2", 0.5))
    assert caught.value.message == text
