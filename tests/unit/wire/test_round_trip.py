"""botocore writes, Ingle reads; Ingle writes, botocore reads: for each operation of the model."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from botocore.awsrequest import AWSRequest, prepare_request_dict
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingle.wire import Request, Service
from ingle.wire.javapattern import translate

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("lambda", "service-2"), "lambda"
)
SERVICE = Service.load("lambda")
# Not shrunk: a failing example of 91 operations is small enough, and shrinking takes minutes.
_SOME = settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# Patterns that `from_regex` rarely or never satisfies together with the lengths: lookarounds and anchors
# within. One value each that the pattern allows.
_EXAMPLES = {
    "(?!^[0-9]+$)([a-zA-Z0-9-_]+)": "alias",
    "((?!^\\d+$)^[0-9a-zA-Z-_]+$)": "alias",
    "(^(?!(system\\x2e)))(^[_a-zA-Z0-9])([^$]*)": "tenant",
    "[0-9A-Za-z\\.\\-_]*(?<!\\.)": "some-id",
}


def valid_values(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of `shape` that the service model allows; deep optional members are left out."""
    kind = shape.type_name
    traits = shape.metadata
    if kind == "structure":
        return structures(shape, depth)
    if kind == "list":
        in_query = shape.serialization.get("location") == "querystring"
        least = max(traits.get("min") or 0, 1 if in_query else 0)
        return st.lists(
            valid_values(shape.member, depth + 1),
            min_size=least,
            max_size=max(least, min(traits.get("max") or 2, 2)),
        )
    if kind == "map":
        least = traits.get("min") or 0
        return st.dictionaries(
            valid_values(shape.key, depth + 1),
            valid_values(shape.value, depth + 1),
            min_size=least,
            max_size=max(least, 2),
        )
    return _scalars(shape)


def structures(shape: Any, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Structures with every required member, and further ones as hypothesis likes."""
    required = {
        name: valid_values(m, depth + 1) for name, m in shape.members.items() if name in _needed(shape)
    }
    optional = {
        name: valid_values(m, depth + 1)
        for name, m in shape.members.items()
        if name not in required and (depth < 3 or m.type_name not in ("structure", "list", "map"))
    }
    return st.fixed_dictionaries(required, optional=optional)


def _needed(shape: Any) -> set[str]:
    # A label that is empty or absent makes another path.
    labels = {n for n, m in shape.members.items() if m.serialization.get("location") == "uri"}
    return set(shape.required_members) | labels


def _scalars(shape: Any) -> st.SearchStrategy[Any]:
    kind, traits = shape.type_name, shape.metadata
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "long"):
        return st.integers(traits.get("min", 0), traits.get("max", 2**31 - 1))
    if kind in ("double", "float"):
        return st.floats(traits.get("min", 0), traits.get("max", 10**6), allow_nan=False, width=32)
    if kind == "timestamp":
        seconds = st.integers(0, 2**31 - 1)
        return seconds.map(lambda value: datetime.fromtimestamp(value, UTC))
    if kind == "blob":
        return st.binary(min_size=1, max_size=40)
    return _strings(shape)


def _strings(shape: Any) -> st.SearchStrategy[str]:
    traits = shape.metadata
    if traits.get("enum"):
        return st.sampled_from(traits["enum"])
    # A header or label cannot carry white space at its ends, nor be empty.
    located = shape.serialization.get("location")
    least, most = max(traits.get("min") or 0, 1 if located else 0), traits.get("max") or 60
    pattern = traits.get("pattern")
    if pattern in _EXAMPLES:
        return st.just(_EXAMPLES[pattern])
    if pattern and pattern not in (".*", "[\\s\\S]*", "[\\s\\S]+"):
        alphabet = st.characters(codec="ascii", min_codepoint=33) if located == "header" else None
        texts = st.from_regex(
            re.compile(_for_hypothesis(pattern), re.ASCII), fullmatch=True, alphabet=alphabet
        )
        return texts.filter(lambda text: least <= len(text) <= most and text.strip() == text)
    if located == "header":
        return st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=20)
    characters = st.characters(codec="utf-8", exclude_characters="\n\r")
    return st.text(characters, min_size=least, max_size=max(least, min(most, 20)))


def _for_hypothesis(pattern: str) -> str:
    # Hypothesis builds from the categories' whole ranges slowly; a few letters stand for them.
    few = {"\\p{L}": "a-zA-Zäß", "\\p{Z}": " ", "\\p{N}": "0-9"}
    for category, letters in few.items():
        pattern = pattern.replace(category, letters)
    return translate(pattern)


def written_by_botocore(operation: Any, params: dict[str, Any]) -> Request:
    serializer = botocore.serialize.create_serializer("rest-json", include_validation=False)
    parts = serializer.serialize_to_request(params, operation)
    prepare_request_dict(parts, endpoint_url="http://127.0.0.1:4566")
    prepared = AWSRequest(
        method=parts["method"], url=parts["url"], headers=parts["headers"], data=parts["body"]
    ).prepare()
    path, _, query = prepared.url.removeprefix("http://127.0.0.1:4566").partition("?")
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    body = prepared.body or b""
    return Request(prepared.method, path, query, headers, body.encode() if isinstance(body, str) else body)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def test_the_model_has_the_operations_that_lambda_has() -> None:
    assert len(SERVICE.operations) == len(MODEL.operation_names) >= 91


@pytest.mark.parametrize("name", MODEL.operation_names)
@given(data=st.data())
@_SOME
def test_what_botocore_sends_is_read_back(name: str, data: st.DataObject) -> None:
    model = MODEL.operation_model(name)
    params = {} if model.input_shape is None else data.draw(structures(model.input_shape))
    request = written_by_botocore(model, dict(params))
    operation, labels = SERVICE.route(request.method, request.path, request.query)
    assert operation.name == name
    assert operation.parse(request, labels) == _as_sent(model, params)


def _as_sent(model: Any, params: dict[str, Any]) -> dict[str, Any]:
    """`params` as botocore sends them: a structure that is the payload goes as `{}` where it is absent."""
    payload = model.input_shape.serialization.get("payload") if model.input_shape else None
    if payload and model.input_shape.members[payload].type_name == "structure":
        return {payload: {}, **params}
    return params


@pytest.mark.parametrize("name", [n for n in MODEL.operation_names if n != "InvokeWithResponseStream"])
@given(data=st.data())
@_SOME
def test_what_is_answered_is_read_by_botocore(name: str, data: st.DataObject) -> None:
    model = MODEL.operation_model(name)
    shape = model.output_shape
    result = {} if shape is None else data.draw(structures(shape))
    status_members = [n for n, m in (shape.members if shape else {}).items() if _is_status(m)]
    for member in status_members:
        result[member] = data.draw(st.sampled_from([200, 202]))
    response = SERVICE.operations[name].serialize(result, "a-request-id")
    body = io.BytesIO(response.body) if model.has_streaming_output else response.body
    raw = {"status_code": response.status, "headers": dict(response.headers), "body": body}
    parsed = botocore.parsers.create_parser("rest-json").parse(_with_stream(raw, shape), shape)
    metadata = parsed.pop("ResponseMetadata")
    assert metadata["RequestId"] == "a-request-id"
    if name == "Invoke":
        parsed["Payload"] = parsed["Payload"].read()
        result.setdefault("Payload", b"")
    if response.status == 204:
        assert response.body == b""
    else:
        assert _without_status_default(parsed, result, status_members) == result


def _is_status(member: Any) -> bool:
    return bool(member.serialization.get("location") == "statusCode")


def _with_stream(raw: dict[str, Any], shape: Any) -> dict[str, Any]:
    lowered = {name.lower(): value for name, value in raw["headers"].items()}
    return {**raw, "headers": botocore.awsrequest.HeadersDict(lowered), "shape": shape}


def _without_status_default(
    parsed: dict[str, Any], result: dict[str, Any], names: list[str]
) -> dict[str, Any]:
    return {name: value for name, value in parsed.items() if name in result or name not in names}


def test_a_query_list_keeps_its_order_and_its_encoded_members() -> None:
    query = urlencode([("tagKeys", "b c"), ("tagKeys", "a=ä")])
    operation, labels = SERVICE.route("DELETE", f"/2017-03-31/tags/{ARN.replace(':', '%3A')}", query)
    params = operation.parse(Request("DELETE", "", query), labels)
    assert params == {"Resource": ARN, "TagKeys": ["b c", "a=ä"]}


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
