from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.model.errors import IngleError
from ingle.wire import Request, Service
from ingle.wire.errors import SerializationError

LAMBDA = Service.load("lambda")
PATH = "/2015-03-31/functions"


def parse(body: bytes, method: str = "POST", path: str = PATH, query: str = "", **headers: str) -> Any:
    operation, labels = LAMBDA.route(method, path, query)
    return operation.parse(Request(method, path, query, headers, body), labels)


@pytest.mark.parametrize(
    ("member", "value", "text"),
    [
        ("FunctionName", 1, "NUMBER_VALUE can not be converted to a String"),
        ("FunctionName", True, "TRUE_VALUE can not be converted to a String"),
        ("FunctionName", ["f"], "Start of list found where not expected"),
        ("FunctionName", {"f": 1}, "Start of structure or map found where not expected."),
        ("MemorySize", "128", "STRING_VALUE can not be converted to an Integer"),
        ("MemorySize", False, "FALSE_VALUE can not be converted to an Integer"),
        ("Publish", "true", "STRING_VALUE can not be converted to a Boolean"),
        ("Layers", "arn", "Expected list or null"),
        ("Layers", {}, "Start of structure or map found where not expected."),
        ("Code", "zip", "Expected null"),
        ("Code", [], "Start of list found where not expected"),
        ("Environment", {"Variables": {"A": 1}}, "NUMBER_VALUE can not be converted to a String"),
        ("Tags", 1, "Expected null"),
        (
            "Code",
            {"ZipFile": "abc"},
            "Base64 encoded length is expected a multiple of 4 bytes but found: 3",
        ),
        ("Code", {"ZipFile": "ab)="}, "Invalid Base64 character: ')'"),
    ],
)
def test_a_value_of_another_type_is_refused_in_the_frameworks_words(
    member: str, value: object, text: str
) -> None:
    with pytest.raises(SerializationError) as caught:
        parse(json.dumps({member: value}).encode())
    assert caught.value.message == text
    response = LAMBDA.render(caught.value, "id")
    assert response.status == 400
    assert response.headers["x-amzn-ErrorType"] == "SerializationException"
    assert json.loads(response.body)["Message"] == text


@pytest.mark.parametrize(
    "body", [b"{", b"", b"{]", b"\xff", b'{"a":NaN}', b"[" * 100_000, b'{"MemorySize":' + b"9" * 5000 + b"}"]
)
def test_broken_json_is_the_callers_fault(body: bytes) -> None:
    with pytest.raises(IngleError) as caught:
        parse(body)
    assert caught.value.status == 400


def test_members_that_the_model_lacks_and_nulls_are_absent() -> None:
    body = {"FunctionName": "f", "Role": None, "New": [1], "Code": {"ZipFile": "UEs="}, "MemorySize": 128.9}
    body["Role"] = "arn:aws:iam::123456789012:role/r"
    body["Description"] = None
    params = parse(json.dumps(body).encode())
    assert params == {
        "FunctionName": "f",
        "Role": "arn:aws:iam::123456789012:role/r",
        "Code": {"ZipFile": b"PK"},
        "MemorySize": 128,
    }


def test_a_lone_surrogate_never_reaches_storage() -> None:
    params = parse(b'{"Description":"\\ud800"}', "PUT", PATH + "/f/configuration")
    assert params["Description"] == "?"


def test_an_invocation_keeps_its_payload_byte_for_byte_and_its_headers() -> None:
    headers = {"x-amz-log-type": "Tail", "x-amz-invocation-type": "DryRun"}
    params = parse(b'{ "a":1}\xff', path=PATH + "/f/invocations", query="Qualifier=live", **headers)
    assert params == {
        "FunctionName": "f",
        "Qualifier": "live",
        "InvocationType": "DryRun",
        "LogType": "Tail",
        "Payload": b'{ "a":1}\xff',
    }


@pytest.mark.parametrize("text", ["x", "1.5", ""])
def test_a_number_in_the_query_must_be_one(text: str) -> None:
    with pytest.raises(SerializationError):
        parse(b"", "GET", query=f"MaxItems={text}")


_MEMBERS = ["Code", "Environment", "Variables", "VpcConfig", "SubnetIds", "Layers", "Tags", "Role"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(_MEMBERS), inner),
)


@settings(deadline=None)
@given(_JSON)
def test_no_json_is_too_strange_to_be_answered(value: object) -> None:
    with pytest.raises(IngleError) as caught:
        parse(json.dumps(value).encode())
    assert caught.value.status == 400
    assert LAMBDA.render(caught.value, "id").body
