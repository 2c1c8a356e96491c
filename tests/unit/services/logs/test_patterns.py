"""The filter pattern language, by the examples of AWS's documentation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.logs.errors import InvalidParameter
from ingle.services.logs.patterns import fields, parse

TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "users": [1, 2, 3],
        "latency": 500.5,
        "text": "400",
    }
)
REQUEST = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "error", False),
        ('"ERROR" - "Exiting"', "Exiting with ERRORCODE: -1", False),
        ("ERROR Exception", "[ERROR] Caught IllegalArgumentException", True),
        ("ERROR WARN", "ERROR message", False),
        ("?ERROR ?WARN", "WARN message", True),
        ("?ERROR ?WARN", "INFO message", False),
        ("ERROR -WARN", "ERROR WARN message", False),
        ("?WARN ERROR", "ERROR", True),  # optional terms beside others count for nothing
        ('"a \\"b\\""', 'x a "b" y', True),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("%^AUTH%", "UNAUTHORIZED", False),
    ],
)
def test_terms(pattern: str, message: str, matches: bool) -> None:
    assert parse(pattern)(message) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{ $.eventType = *Trail }", True),
        ("{ $.eventType = %^Update.*l$% }", True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[7].id = 2 }", False),
        ('{ $.objectList[*].name = "b" }', True),
        ("{ $.['eventType'] = UpdateTrail }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.users = 1 }", False),  # neither the one
        ("{ $.users != 1 }", False),  # nor the other: it is a list
        ("{ $.none != 1 }", False),
        ("{ $.latency >= 500 }", True),
        ("{ $.latency < 10e3 }", True),
        ("{ $.latency > +1000 }", False),
        ("{ $.text = 400 }", True),
        ("{ $.latency = * }", True),
        ("{ ($.latency = 2 && $.text = 4*) || $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS TRUE || $.latency = 2 && $.text = no }", True),
        ("{ ($.ThisFlag IS TRUE || $.latency = 2) && $.text = no }", False),
    ],
)
def test_properties_of_json(pattern: str, matches: bool) -> None:
    assert parse(pattern)(TRAIL) is matches
    assert parse(pattern)("no JSON") is False


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status_code = 200, bytes]", False),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", True),
        ("[..., status_code = 4* && status_code != 403, bytes]", True),
        ("[..., status_code = 4* && status_code != 404, bytes]", False),
        ("[..., status_code = 5* || status_code = 404, bytes]", True),
        ("[ip, user, ..., status_code, bytes]", True),
        ("[ip = %^127%, ...]", True),
        ('[ip, ..., request = "GET /index.html*", status_code, bytes]', True),
        ("[ip, user]", False),
    ],
)
def test_fields_apart_by_spaces(pattern: str, matches: bool) -> None:
    assert parse(pattern)(REQUEST) is matches


def test_fields_are_taken_out_by_name_and_by_number() -> None:
    assert fields("[..., request=*.html*, status_code=4*,]", REQUEST) == {
        "$1": "127.0.0.1",
        "$2": "-",
        "$3": "frank",
        "$4": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0",
        "$status_code": "404",
        "$7": "1534",
    }
    assert fields("ERROR", "ERROR") == {}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("user@example.com", "Invalid filter pattern: Invalid character(s) in term 'user@example.com'"),
        ('""', "Invalid filter pattern: Invalid character(s) in term '\"\"'"),
        ("%a(b)%", "Invalid filter pattern: Invalid character(s) in term '%a(b)%'"),
        ("%[%", "Invalid filter pattern: Invalid character(s) in term '%[%'"),
        ("{ $.a = 1", "Invalid filter pattern: If a filter pattern starts with '{' it must end with '}'"),
        ("[a", "Invalid filter pattern: If a filter pattern starts with '[' it must end with ']'"),
        ("{ $.a }", "Invalid filter pattern"),
        ("{ a = 1 }", "Invalid filter pattern"),
        ("{ ($.a = 1 }", "Invalid filter pattern"),
        ("[a =]", "Invalid filter pattern"),
        ("[a = 1 && b = 2]", "Invalid filter pattern"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, text: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        parse(pattern)
    assert refusal.value.message == text


@given(st.text(max_size=40) | st.text(alphabet='{}[]$.=!<>&|()"%*?- ab1,', max_size=40), st.text(max_size=20))
def test_a_pattern_is_read_or_refused_and_nothing_else(pattern: str, message: str) -> None:
    try:
        matches = parse(pattern)
    except InvalidParameter:
        return
    assert matches(message) in (True, False)
    assert all(isinstance(value, str) for value in fields(pattern, message).values())


@given(st.text(alphabet="abc ", min_size=1), st.text(alphabet="abc "))
def test_a_quoted_phrase_is_found_where_it_stands(phrase: str, message: str) -> None:
    assert parse(f'"{phrase}"')(message) is (phrase in message)
