"""botocore writes, Ingle reads; Ingle writes, botocore reads: SQS in both of its protocols."""

from __future__ import annotations

from typing import Any

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.wire import Request, Service
from ingle.wire.query import as_query
from ingle.wire.sqsservice import DEPARTURES

DOCUMENT = botocore.loaders.Loader().load_service_model("sqs", "service-2")
assert DEPARTURES.query_names is not None
MODELS = {
    "json": botocore.model.ServiceModel(DOCUMENT, "sqs"),
    "query": botocore.model.ServiceModel(as_query(DOCUMENT, DEPARTURES.query_names), "sqs"),
}
SERVICES = {"json": Service.load("sqs"), "query": Service.load("sqs", "query")}
OPERATIONS = list(MODELS["json"].operation_names)
_SOME = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What XML can say: a message with anything else is refused before it is stored.
_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
)
_SCALARS = {
    "string": _TEXT,
    "integer": st.integers(0, 2**31 - 1),
    "long": st.integers(0, 2**53),
    "boolean": st.booleans(),
    "blob": st.binary(min_size=1, max_size=20),
}


def values(shape: Any, whole: bool = False) -> st.SearchStrategy[Any]:
    """Values of `shape`; lists and maps are never empty: the query protocol cannot tell that from absence."""
    kind = shape.type_name
    if kind == "structure":
        members = {name: values(member) for name, member in shape.members.items()}
        required = {n: m for n, m in members.items() if n in shape.required_members}
        optional = {n: m for n, m in members.items() if n not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if kind == "list":
        return st.lists(values(shape.member), min_size=1, max_size=12)
    if kind == "map":
        return st.dictionaries(values(shape.key), values(shape.value), min_size=1, max_size=3)
    if kind == "string" and shape.enum:
        return st.sampled_from(shape.enum)
    return _SCALARS[kind]


def written_by_botocore(protocol: str, operation: Any, params: dict[str, Any]) -> Request:
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    parts = serializer.serialize_to_request(params, operation)
    prepare_request_dict(parts, endpoint_url="http://127.0.0.1:4566")
    prepared = AWSRequest(
        method=parts["method"], url=parts["url"], headers=parts["headers"], data=parts["body"]
    ).prepare()
    headers = {
        name.lower(): value if isinstance(value, str) else value.decode()
        for name, value in prepared.headers.items()
    }
    body = prepared.body or b""
    return Request(prepared.method, "/", "", headers, body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize("protocol", ["json", "query"])
@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
@_SOME
def test_what_botocore_sends_is_read_back(name: str, protocol: str, data: st.DataObject) -> None:
    model = MODELS[protocol].operation_model(name)
    params = data.draw(values(model.input_shape))
    operation, labels = SERVICES[protocol].resolve(request := written_by_botocore(protocol, model, params))
    assert operation.name == name
    assert operation.parse(request, labels) == params


@pytest.mark.parametrize("protocol", ["json", "query"])
@pytest.mark.parametrize("name", OPERATIONS)
@given(data=st.data())
@_SOME
def test_what_is_answered_is_read_by_botocore(name: str, protocol: str, data: st.DataObject) -> None:
    shape = MODELS[protocol].operation_model(name).output_shape
    result = {} if shape is None else data.draw(values(shape))
    response = SERVICES[protocol].operations[name].serialize(result, "a-request-id")
    parsed = _parsed(protocol, response, shape)
    assert parsed.pop("ResponseMetadata")["RequestId"] == "a-request-id"
    assert parsed == result


@pytest.mark.parametrize("protocol", ["json", "query"])
@given(text=_TEXT)
def test_an_error_text_arrives_as_it_is(protocol: str, text: str) -> None:
    error = _error("InvalidAttributeValue", text)
    parsed = _parsed(protocol, SERVICES[protocol].render(error, "a-request-id"), None)
    assert parsed["Error"]["Code"] == "InvalidAttributeValue"
    assert (parsed["Error"]["Message"] or "") == text


def _error(code: str, text: str) -> Any:
    from ingle.model.errors import CallerError

    error = CallerError(text)
    error.code = code
    return error


def _parsed(protocol: str, response: Any, shape: Any) -> Any:
    lowered = HeadersDict({name.lower(): value for name, value in response.headers.items()})
    raw = {"status_code": response.status, "headers": lowered, "body": response.body}
    return botocore.parsers.create_parser(protocol).parse(raw, shape)


def _request(target: str = "", body: bytes = b"", query: str = "") -> Request:
    headers = {"x-amz-target": target} if target else {}
    return Request("POST", "/", query, headers, body)


def rendered(protocol: str, request: Request) -> Any:
    """The answer to a request that is refused before any service sees it."""
    from ingle.model.errors import IngleError

    try:
        operation, labels = SERVICES[protocol].resolve(request)
        operation.parse(request, labels)
    except IngleError as error:
        return SERVICES[protocol].render(error, "a-request-id")
    raise AssertionError("not refused")


def test_json_errors_carry_the_code_that_clients_of_the_query_protocol_know() -> None:
    response = SERVICES["json"].render(
        _error("QueueDoesNotExist", "The specified queue does not exist."), "id"
    )
    assert response.status == 400
    assert response.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert response.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert response.body == (
        b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}'
    )


def test_the_query_protocol_has_its_own_words_for_a_queue_that_does_not_exist() -> None:
    response = SERVICES["query"].render(
        _error("QueueDoesNotExist", "The specified queue does not exist."), "id"
    )
    assert response.status == 400
    assert response.headers["Content-Type"] == "text/xml"
    assert response.body == (
        b'<?xml version="1.0"?><ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        b"<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>"
        b"<Message>The specified queue does not exist for this wsdl version.</Message><Detail/></Error>"
        b"<RequestId>id</RequestId></ErrorResponse>"
    )


def test_a_missing_parameter_is_named() -> None:
    json = rendered("json", _request("AmazonSQS.SendMessage", b'{"QueueUrl":"u"}'))
    assert json.body == (
        b'{"__type":"com.amazon.coral.service#MissingRequiredParameterException",'
        b'"message":"The request must contain the parameter MessageBody."}'
    )
    assert json.headers["x-amzn-query-error"] == "MissingParameter;Sender"
    query = rendered("query", _request(query="Action=SendMessage&QueueUrl=u"))
    assert b"<Code>MissingParameter</Code>" in query.body
    assert b"<Message>The request must contain the parameter MessageBody.</Message>" in query.body


def test_a_missing_parameter_of_a_batch_entry_is_named_with_the_entry() -> None:
    body = b"Action=SendMessageBatch&QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a"
    query = rendered("query", _request(body=body))
    assert b"parameter SendMessageBatchRequestEntry.1.MessageBody." in query.body


@pytest.mark.parametrize("target", ["", "AmazonSQS.Nonsense", "Other.SendMessage"])
def test_an_unknown_target_is_refused(target: str) -> None:
    response = rendered("json", _request(target))
    assert response.headers["x-amzn-query-error"] == "InvalidAction;Sender"
    assert b"#UnknownOperationException" in response.body


def test_an_unknown_action_is_refused() -> None:
    response = rendered("query", _request(query="Action=FooBar&Version=2012-11-05"))
    assert b"<Code>InvalidAction</Code>" in response.body
    assert b"<Message>The action FooBar is not valid for this endpoint.</Message>" in response.body


def test_a_query_without_an_action_is_no_operation() -> None:
    response = rendered("query", _request())
    assert response.status == 404
    assert b"<UnknownOperationException" in response.body


@pytest.mark.parametrize(
    "fields",
    [
        "QueueUrl=u&QueueUrl.1=v",
        "QueueUrl.1=u&QueueUrl=v",
        "QueueUrl=u&AttributeName.x=All",
        "QueueUrl=u&AttributeName.1.y=All",
        "QueueUrl=u&MaxNumberOfMessages=many",
    ],
)
def test_fields_that_fit_no_shape_are_malformed(fields: str) -> None:
    response = rendered("query", _request(query=f"Action=ReceiveMessage&{fields}"))
    assert response.status == 400
    assert b"<Code>MalformedInput</Code>" in response.body


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"QueueName":1}', b"\xff"])
def test_json_that_fits_no_shape_is_malformed(body: bytes) -> None:
    response = rendered("json", _request("AmazonSQS.GetQueueUrl", body))
    assert response.status == 400
    assert response.headers["x-amzn-query-error"] == "MalformedInput;Sender"
