"""EventBridge's pattern language: what matches, what does not, and what is no pattern."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.model.eventpattern import EventPattern, InvalidEventPattern

JSON_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab*\\.", max_size=4)
KEYS = st.sampled_from(["a", "b", "c", "a.b"])
EVENTS = st.dictionaries(
    KEYS,
    st.recursive(
        JSON_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_size=3,
)
VALUES = (
    JSON_LEAVES
    | st.builds(lambda wanted: {"exists": wanted}, st.booleans())
    | st.builds(lambda text: {"prefix": text}, st.text("ab", max_size=2))
    | st.builds(lambda bound: {"numeric": [">", bound]}, st.integers(-9, 9))
    | st.builds(lambda value: {"anything-but": [value]}, st.text("ab", max_size=2) | st.integers(-9, 9))
)
PATTERNS = st.recursive(
    st.dictionaries(KEYS, st.lists(VALUES, min_size=1, max_size=3), min_size=1, max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=2),
    max_leaves=3,
)


def matches(pattern: Any, event: Any) -> bool:
    return EventPattern.parse(json.dumps(pattern)).matches(event)


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": "X"}, False),
        ({"a": ["x"], "b": [1]}, {"a": "x"}, False),
        ({"a": [1]}, {"a": 1.0}, True),
        ({"a": [1]}, {"a": True}, False),
        ({"a": [True]}, {"a": 1}, False),
        ({"a": ["1"]}, {"a": 1}, False),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [None]}, {}, False),
        ({"a": [None]}, {"a": []}, False),
        ({"a": [""]}, {"a": ""}, True),
        ({"a": [1, 2]}, {"a": [3, 2]}, True),
        ({"a": [1]}, {"a": [[0, [1]]]}, True),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1}, {"c": 2}]}, False),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 2}]}, True),
        ({"a": {"b": [1]}}, {"a.b": 1}, True),
        ({"a.b": [1]}, {"a": {"b": 1}}, True),
        ({"a.b": [1]}, {"a": {"c": 1}}, False),
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
        ({"a": [{"exists": True}]}, {"a": []}, False),
        ({"a": [{"exists": False}]}, {"b": 1}, True),
        ({"a": [{"exists": False}]}, {"a": 1}, False),
        ({"a": [{"exists": False}]}, {"a": {"b": 1}}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": [{"b": 1}, {"c": 1}]}, False),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": [{"exists": False}, 1]}, {"a": 1}, True),
        ({"a": [{"prefix": "x"}]}, {"a": "xy"}, True),
        ({"a": [{"prefix": "x"}]}, {"a": 1}, False),
        ({"a": [{"prefix": {"equals-ignore-case": "X"}}]}, {"a": "xy"}, True),
        ({"a": [{"suffix": "y"}]}, {"a": "xy"}, True),
        ({"a": [{"suffix": {"equals-ignore-case": "Y"}}]}, {"a": "xyz"}, False),
        ({"a": [{"equals-ignore-case": "XY"}]}, {"a": "xY"}, True),
        ({"a": [{"wildcard": "x*y*z"}]}, {"a": "x-y-z"}, True),
        ({"a": [{"wildcard": "ab*ba"}]}, {"a": "aba"}, False),
        ({"a": [{"wildcard": "x\\*"}]}, {"a": "xy"}, False),
        ({"a": [{"wildcard": "x\\*\\\\"}]}, {"a": "x*\\"}, True),
        ({"a": [{"anything-but": "x"}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": "x"}]}, {}, False),
        ({"a": [{"anything-but": ["x", 1]}]}, {"a": 1}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": None}, True),
        ({"a": [{"anything-but": {"prefix": ["x", "y"]}}]}, {"a": "yz"}, False),
        ({"a": [{"anything-but": {"suffix": "z"}}]}, {"a": 3}, True),
        ({"a": [{"anything-but": {"equals-ignore-case": ["X"]}}]}, {"a": "x"}, False),
        ({"a": [{"anything-but": {"wildcard": "*y*"}}]}, {"a": "x"}, True),
        ({"a": [{"numeric": ["=", 3]}]}, {"a": 3.0}, True),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": "5"}, False),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.255"}, True),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.1.0"}, False),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "elsewhere"}, False),
        ({"a": [{"cidr": "2001:db8::/32"}]}, {"a": "2001:db8::1"}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"a": 1}, False),
        ({"$or": [1]}, {"$or": 1}, True),
        ({"a": {"$or": [{"b": [1]}, {"c": [{"exists": False}]}]}}, {"a": {"c": 1}}, False),
    ],
)
def test_an_event_matches_as_eventbridge_documents_it(pattern: Any, event: Any, expected: bool) -> None:
    assert matches(pattern, event) is expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("simple string", "Expecting value"),
        ("null", "Filter is not an object"),
        ('["a"]', "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        ('{"a": "x"}', '"a" must be an object or an array'),
        ('{"a": 1}', '"a" must be an object or an array'),
        ('{"a": []}', "Empty arrays are not allowed"),
        ('{"a": {}}', "Empty objects are not allowed"),
        ('{"a": [[1]]}', "Match value must be"),
        ('{"a": [{}]}', "Empty match expression"),
        ('{"a": [NaN]}', "Non-standard token 'NaN'"),
        ('{"a": [{"PREFIX": "x"}]}', "Unrecognized match type PREFIX"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
        ('{"a": [{"exists": "x"}]}', "exists match pattern must be either true or false."),
        ('{"a": [{"wildcard": "**"}]}', "Consecutive wildcard characters at pos 1"),
        ('{"a": [{"wildcard": "\\\\x"}]}', "Invalid escape character at pos 0"),
        ('{"a": [{"wildcard": "\\\\"}]}', "Invalid escape character at pos 0"),
        ('{"a": [{"anything-but": null}]}', "Value of anything-but must be an array or single string/number"),
        ('{"a": [{"anything-but": []}]}', "Empty lists are not allowed"),
        (
            '{"a": [{"anything-but": [true]}]}',
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
        ('{"a": [{"anything-but": {"cidr": "x"}}]}', "Unsupported anything-but pattern: cidr"),
        ('{"a": [{"numeric": 1}]}', "Value of numeric must be an array."),
        ('{"a": [{"numeric": []}]}', "Invalid member in numeric match"),
        ('{"a": [{"numeric": ["~", 1]}]}', "Unrecognized numeric range operator: ~"),
        ('{"a": [{"numeric": [">", 0, "<"]}]}', "Value of < must be numeric"),
        ('{"a": [{"numeric": [">", 0, ">", 1]}]}', "Bad numeric range operator: >"),
        ('{"a": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top"),
        ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
        ('{"a": [{"cidr": "10.0.0.0/x"}]}', "Malformed CIDR, mask bits must be an integer"),
        ('{"a": [{"cidr": "10.0/8"}]}', "Nonstandard IP address: 10.0"),
        ('{"a":' * 800, "Expecting value"),
        ('{"a":' * 3000 + "[1]" + "}" * 3000, "nested too deeply"),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidEventPattern, match=re.escape(reason)):
        EventPattern.parse(text)


@given(st.lists(st.sampled_from(["a", "b", "*"]), max_size=6), st.text("ab", max_size=8))
def test_a_wildcard_means_what_its_regular_expression_means(parts: list[str], value: str) -> None:
    text = re.sub(r"\*+", "*", "".join(parts))
    expected = re.fullmatch(text.replace("*", ".*"), value) is not None
    assert matches({"a": [{"wildcard": text}]}, {"a": value}) is expected


@given(PATTERNS, EVENTS)
def test_any_of_two_patterns_is_the_same_as_either(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    impossible = {"never": ["there"]}
    assert matches({"$or": [impossible, pattern]}, event) is matches(pattern, event)


@given(PATTERNS, EVENTS)
def test_an_array_matches_where_an_element_does(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    assert matches({"in": pattern}, {"in": [event]}) is matches({"in": pattern}, {"in": event})
    assert matches({"in": pattern}, {"in": event}) is matches(pattern, event)


@given(EVENTS)
def test_a_field_exists_or_is_absent(event: dict[str, Any]) -> None:
    exists = matches({"a": {"b": [{"exists": True}]}}, event)
    assert matches({"a": {"b": [{"exists": False}]}}, event) is not exists


@given(EVENTS, st.text("ab", max_size=2))
def test_an_event_with_a_deep_array_is_no_trouble(event: dict[str, Any], text: str) -> None:
    deep: Any = text
    for _ in range(2000):
        deep = [deep]
    assert matches({"deep": [text]}, {**event, "deep": deep})
