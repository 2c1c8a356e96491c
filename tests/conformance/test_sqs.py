"""SQS as its clients see it: boto3 and plain HTTP, both protocols, a stop and a start."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.conformance.sqs_server import ServerThread

OPERATIONS = 23


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerThread]:
    server = ServerThread(tmp_path_factory.mktemp("sqs") / "x.db")
    server.start()
    yield server
    server.stop()


def client_of(server: ServerThread, account: str = "000000000000", region: str = "us-east-1") -> Any:
    """boto3 that leaves the checking of parameters to the service."""
    return boto3.client(
        "sqs",
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="secret",
        config=Config(parameter_validation=False, retries={"max_attempts": 0}),
    )


@pytest.fixture
def sqs(server: ServerThread) -> Any:
    return client_of(server)


@pytest.fixture
def queue(sqs: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    url = sqs.create_queue(QueueName=f"q-{abs(hash(request.node.name))}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def _arn(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _get(url: str, **fields: str) -> tuple[int, str]:
    """A query request as a browser sends it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request("GET", f"{parts.path}?{urlencode(fields)}" if fields else parts.path)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def test_every_operation_answers_valid_input(sqs: Any, server: ServerThread) -> None:
    done = set()

    def call(operation: str, **members: Any) -> Any:
        done.add(operation)
        return getattr(sqs, operation)(**members)

    letters = call("create_queue", QueueName="every-letters", tags={"a": "1"})["QueueUrl"]
    policy = f'{{"deadLetterTargetArn":"{_arn(sqs, letters)}","maxReceiveCount":1}}'
    url = sqs.create_queue(QueueName="every", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    assert call("get_queue_url", QueueName="every")["QueueUrl"] == url
    assert url in call("list_queues", QueueNamePrefix="ever")["QueueUrls"]
    assert call("list_dead_letter_source_queues", QueueUrl=letters)["queueUrls"] == [url]
    call("set_queue_attributes", QueueUrl=url, Attributes={"VisibilityTimeout": "10"})
    attributes = call("get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "10"
    call("tag_queue", QueueUrl=url, Tags={"b": "2"})
    assert call("list_queue_tags", QueueUrl=url)["Tags"] == {"b": "2"}
    call("untag_queue", QueueUrl=url, TagKeys=["b"])
    permission = {"AWSAccountIds": ["111111111111"], "Actions": ["SendMessage"]}
    call("add_permission", QueueUrl=url, Label="l", **permission)
    call("remove_permission", QueueUrl=url, Label="l")
    call("send_message", QueueUrl=url, MessageBody="one")
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(2)]
    assert len(call("send_message_batch", QueueUrl=url, Entries=entries)["Successful"]) == 2
    messages = call("receive_message", QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    one, two, three = (message["ReceiptHandle"] for message in messages)
    call("change_message_visibility", QueueUrl=url, ReceiptHandle=one, VisibilityTimeout=20)
    change = [{"Id": "1", "ReceiptHandle": one, "VisibilityTimeout": 0}]
    assert call("change_message_visibility_batch", QueueUrl=url, Entries=change)["Successful"]
    call("delete_message", QueueUrl=url, ReceiptHandle=two)
    assert call("delete_message_batch", QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": three}])[
        "Successful"
    ]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)  # the first one is a dead letter now
    source = _arn(sqs, letters)
    handle = call("start_message_move_task", SourceArn=source)["TaskHandle"]
    assert call("list_message_move_tasks", SourceArn=source)["Results"][0]["SourceArn"] == source
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "one"
    with pytest.raises(ClientError):  # it has ended
        call("cancel_message_move_task", TaskHandle=handle)
    call("purge_queue", QueueUrl=url)
    call("delete_queue", QueueUrl=url)
    assert len(done) == OPERATIONS


_CLIENT = boto3.client("sqs", "us-east-1")


@pytest.mark.parametrize("operation", sorted(_CLIENT.meta.method_to_api_mapping))
def test_every_operation_refuses_invalid_input_as_aws_does(sqs: Any, operation: str) -> None:
    model = _CLIENT.meta.service_model.operation_model(_CLIENT.meta.method_to_api_mapping[operation])
    name = next(n for n, member in model.input_shape.members.items() if member.type_name == "string")
    lacking: dict[str, Any] = {"MaxResults": 0} if operation == "list_queues" else {}
    for members in (lacking, {name: 1}):
        with pytest.raises(ClientError) as caught:
            getattr(sqs, operation)(**members)
        answer = caught.value.response
        assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 500
        assert answer["Error"]["Type"] == "Sender"
        assert answer["Error"]["Message"]


def test_errors_have_the_codes_that_old_and_new_clients_know(sqs: Any, queue: str) -> None:
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.receive_message(QueueUrl=f"{queue}x")
    error = caught.value.response["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"
    with pytest.raises(ClientError) as invalid:
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=11)
    error = invalid.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == (
        "InvalidParameterValue",
        "InvalidParameterValueException",
    )


def test_message_attributes_arrive_and_botocore_agrees_with_their_md5(sqs: Any, queue: str) -> None:
    attributes = {
        "s": {"DataType": "String", "StringValue": "ä"},
        "n": {"DataType": "Number", "StringValue": "1.5"},
        "b": {"DataType": "Binary.x", "BinaryValue": b"\x00\xff"},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-1-1"}}
    sent = sqs.send_message(
        QueueUrl=queue, MessageBody="ö", MessageAttributes=attributes, MessageSystemAttributes=trace
    )
    answer = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"], AttributeNames=["All"])
    (message,) = answer["Messages"]
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-1-1"


def test_json_without_a_target_is_refused_in_json(queue: str) -> None:
    parts = urlsplit(queue)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    headers = {"Content-Type": "application/x-amz-json-1.0", "Host": "sqs.us-east-1.localhost"}
    connection.request("POST", "/", "{}", headers)
    response = connection.getresponse()
    assert response.status == 400
    assert response.headers["x-amzn-query-error"] == "InvalidAction;Sender"
    assert b"UnknownOperationException" in response.read()
    connection.close()


def test_the_query_protocol_works_at_a_queues_url(sqs: Any, queue: str) -> None:
    status, text = _get(queue, Action="SendMessage", MessageBody="<foobar & co>")
    assert status == 200
    assert '<SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">' in text
    status, text = _get(queue, **{"Action": "GetQueueAttributes", "AttributeName.1": "VisibilityTimeout"})
    assert "<Attribute><Name>VisibilityTimeout</Name><Value>30</Value></Attribute>" in text
    status, text = _get(queue, Action="ReceiveMessage")
    assert "<Body>&lt;foobar &amp; co&gt;</Body>" in text
    assert "<ReceiveMessageResult/>" in _get(queue, Action="ReceiveMessage")[1]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"Action": "FooBar"}, 400, "<Message>The action FooBar is not valid for this endpoint.</Message>"),
        ({"Action": "CreateQueue", "QueueName": "x"}, 400, "The action CreateQueue is not valid for this"),
        ({"Action": "ListQueues"}, 400, "<Code>InvalidAction</Code>"),
        ({"Action": "SendMessage"}, 400, "The request must contain the parameter MessageBody."),
        ({"Action": "GetQueueAttributes", "AttributeName.1": "Foobar"}, 400, "Unknown Attribute Foobar."),
        ({}, 404, "<UnknownOperationException"),
    ],
)
def test_the_query_protocol_refuses_as_aws_does(
    queue: str, fields: dict[str, str], status: int, said: str
) -> None:
    found, text = _get(queue, **fields)
    assert found == status
    assert said in text


def test_the_query_protocol_has_its_own_text_for_no_queue(queue: str) -> None:
    status, text = _get(f"{queue}x", Action="ReceiveMessage")
    assert status == 400
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in text
    assert "<Message>The specified queue does not exist for this wsdl version.</Message>" in text


def test_accounts_and_regions_have_queues_of_their_own(server: ServerThread, queue: str) -> None:
    for other in (client_of(server, "111111111111"), client_of(server, region="eu-west-1")):
        assert "QueueUrls" not in other.list_queues()
    with pytest.raises(ClientError, match="AccessDenied"):
        client_of(server, "111111111111").send_message(QueueUrl=queue, MessageBody="m")


def test_a_long_poll_ends_when_a_message_comes(sqs: Any, queue: str, server: ServerThread) -> None:
    timer = threading.Timer(0.3, lambda: client_of(server).send_message(QueueUrl=queue, MessageBody="m"))
    timer.start()
    began = time.monotonic()
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]["Body"] == "m"
    assert time.monotonic() - began < 5
    timer.join()


def test_a_client_that_went_away_in_its_long_poll_takes_no_message(sqs: Any, queue: str) -> None:
    parts = urlsplit(queue)
    assert parts.hostname
    gone = socket.create_connection((parts.hostname, parts.port or 80))
    fields = "Action=ReceiveMessage&WaitTimeSeconds=20"
    gone.sendall(f"GET {parts.path}?{fields} HTTP/1.1\r\nhost: {parts.netloc}\r\n\r\n".encode())
    time.sleep(0.5)
    gone.close()
    time.sleep(0.2)
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"] == "m"


def test_queues_and_messages_are_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    first = ServerThread(tmp_path / "x.db")
    first.start()
    sqs = client_of(first)
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="q.fifo", Attributes=fifo, tags={"a": "1"})["QueueUrl"]
    for body in ("one", "two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    first.stop()
    second = ServerThread(tmp_path / "x.db")
    second.start()
    sqs = client_of(second)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1"}
    assert "Messages" not in sqs.receive_message(QueueUrl=url)  # the group is locked, still
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    sqs.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="g")  # a duplicate, still
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["two", "three"]
    second.stop()
