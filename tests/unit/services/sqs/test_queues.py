"""Queues themselves: names, URLs, attributes, tags, permissions, lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.services.sqs.conftest import CONTEXT, Queues

from ingle.model.errors import CallerError
from ingle.services.sqs import handles
from ingle.services.sqs.context import Context
from ingle.services.sqs.errors import ReceiptHandleIsInvalid
from ingle.services.sqs.finding import key_of
from ingle.store.message import Receipt
from ingle.store.queues import QueueKey

OTHER = Context("111111111111", "us-east-1", "http://127.0.0.1:4566")
ARN = "arn:aws:sqs:us-east-1:000000000000:"
STANDARD = {
    "ApproximateNumberOfMessages": "0",
    "ApproximateNumberOfMessagesDelayed": "0",
    "ApproximateNumberOfMessagesNotVisible": "0",
    "CreatedTimestamp": "1767225600",
    "DelaySeconds": "0",
    "LastModifiedTimestamp": "1767225600",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "QueueArn": f"{ARN}q",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
FIFO = {
    **STANDARD,
    "QueueArn": f"{ARN}q.fifo",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoQueue": "true",
    "FifoThroughputLimit": "perQueue",
}


async def _attributes(queues: Queues, url: str, *names: str) -> Any:
    answer = await queues.call("GetQueueAttributes", QueueUrl=url, AttributeNames=list(names or ["All"]))
    return answer.get("Attributes")


async def test_a_new_queue_has_awss_defaults(queues: Queues) -> None:
    assert await _attributes(queues, await queues.create()) == STANDARD
    assert await _attributes(queues, await queues.create("q.fifo")) == FIFO


async def test_only_the_attributes_that_were_asked_for_are_shown(queues: Queues) -> None:
    url = await queues.create()
    assert await _attributes(queues, url, "DelaySeconds", "Policy", "FifoQueue") == {"DelaySeconds": "0"}
    assert await queues.call("GetQueueAttributes", QueueUrl=url) == {}
    error = await queues.refused("GetQueueAttributes", QueueUrl=url, AttributeNames=["Foobar"])
    assert (error.code, error.message) == ("InvalidAttributeName", "Unknown Attribute Foobar.")


async def test_set_attributes_are_shown_and_time_the_change(queues: Queues) -> None:
    url = await queues.create()
    queues.clock.advance(60)
    given = {"VisibilityTimeout": "69", "DelaySeconds": "420", "MaximumMessageSize": "2048"}
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes=given)
    assert await _attributes(queues, url) == {**STANDARD, **given, "LastModifiedTimestamp": "1767225660"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("VisibilityTimeout", ["-1", "43201", "", "x", "1.5", "9" * 40, "٣"]),
        ("DelaySeconds", ["-1", "901"]),
        ("MaximumMessageSize", ["1023", "1048577"]),
        ("MessageRetentionPeriod", ["59", "1209601"]),
        ("ReceiveMessageWaitTimeSeconds", ["-1", "21"]),
        ("KmsDataKeyReusePeriodSeconds", ["59", "86401"]),
        ("SqsManagedSseEnabled", ["yes"]),
        ("Policy", ["{", "[]", "1"]),
        ("RedrivePolicy", ["{", "[]"]),
    ],
)
async def test_a_value_out_of_range_is_refused_and_changes_nothing(
    queues: Queues, name: str, values: list[str]
) -> None:
    url = await queues.create()
    for value in values:
        given = {"DelaySeconds": "1", name: value}
        error = await queues.refused("SetQueueAttributes", QueueUrl=url, Attributes=given)
        assert error.code == "InvalidAttributeValue"
        assert error.message == f"Invalid value for the parameter {name}."
        error = await queues.refused("CreateQueue", QueueName="new", Attributes={name: value})
        assert error.code == "InvalidAttributeValue"
    assert await _attributes(queues, url) == STANDARD


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("FifoQueue", "Unknown Attribute FifoQueue."),
        ("ContentBasedDeduplication", "Unknown Attribute ContentBasedDeduplication."),
        ("DeduplicationScope", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
        (
            "FifoThroughputLimit",
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
        ),
        ("QueueArn", "Unknown Attribute QueueArn."),
        ("Foobar", "Unknown Attribute Foobar."),
    ],
)
async def test_a_standard_queue_has_no_attributes_of_fifo_queues(
    queues: Queues, name: str, message: str
) -> None:
    error = await queues.refused("CreateQueue", QueueName="q", Attributes={name: "false"})
    assert (error.code, error.message) == ("InvalidAttributeName", message)


async def test_a_queue_stays_fifo_or_standard(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes={"FifoQueue": "true"})
    error = await queues.refused("SetQueueAttributes", QueueUrl=url, Attributes={"FifoQueue": "false"})
    assert error.code == "InvalidAttributeValue"
    assert error.message == (
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    )


async def test_high_throughput_needs_the_scope_of_groups(queues: Queues) -> None:
    url = await queues.create("q.fifo")
    given = {"FifoThroughputLimit": "perMessageGroupId"}
    error = await queues.refused("SetQueueAttributes", QueueUrl=url, Attributes=given)
    assert error.code == "InvalidAttributeValue"
    assert await _attributes(queues, url) == FIFO


async def test_encryption_is_of_one_kind(queues: Queues) -> None:
    url = await queues.create()
    both = {"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"}
    error = await queues.refused("SetQueueAttributes", QueueUrl=url, Attributes=both)
    assert (error.code, error.message) == (
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or "
        "SQS SSE.",
    )
    kms = {"KmsMasterKeyId": "testKeyId", "KmsDataKeyReusePeriodSeconds": "6000"}
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes=kms)
    assert await _attributes(queues, url) == {**STANDARD, **kms, "SqsManagedSseEnabled": "false"}
    unset = {"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"}
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes=unset)
    assert await _attributes(queues, url) == {**STANDARD, "SqsManagedSseEnabled": "false"}


async def test_a_queue_may_be_created_again_but_not_with_other_attributes(queues: Queues) -> None:
    url = await queues.create(DelaySeconds="1")
    await queues.send(url, DelaySeconds=0)
    assert await queues.create(DelaySeconds="1", VisibilityTimeout="30") == url
    assert await queues.create() == url
    error = await queues.refused("CreateQueue", QueueName="q", Attributes={"DelaySeconds": "2"})
    assert error.code == "QueueNameExists"
    assert error.message == (
        "A queue already exists with the same name and a different value for attribute DelaySeconds"
    )
    assert await queues.counts(url) == (1, 0, 0)


@pytest.mark.parametrize("name", ["", "a b", "a" * 81, "q.fifo", "ä", "q/x", "a.b", ".fifo"])
async def test_a_name_that_no_standard_queue_can_have_is_refused(queues: Queues, name: str) -> None:
    error = await queues.refused("CreateQueue", QueueName=name)
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    )


@pytest.mark.parametrize("name", ["q", "a b.fifo", "a" * 76 + ".fifo", "q.fifo.fifo.fifo!", "x.fifoy"])
async def test_a_name_that_no_fifo_queue_can_have_is_refused(queues: Queues, name: str) -> None:
    error = await queues.refused("CreateQueue", QueueName=name, Attributes={"FifoQueue": "true"})
    assert error.code == "InvalidParameterValueException"
    assert error.message.startswith("The name of a FIFO queue can only include")


async def test_a_deleted_queue_is_gone_and_a_new_one_of_its_name_is_empty(queues: Queues) -> None:
    url = await queues.create()
    await queues.send(url)
    await queues.call("DeleteQueue", QueueUrl=url)
    for operation in ("GetQueueAttributes", "ReceiveMessage", "DeleteQueue", "PurgeQueue", "ListQueueTags"):
        error = await queues.refused(operation, QueueUrl=url)
        assert (error.code, error.status) == ("QueueDoesNotExist", 400)
        assert error.message == "The specified queue does not exist."
    assert (await queues.refused("GetQueueUrl", QueueName="q")).code == "QueueDoesNotExist"
    assert await queues.counts(await queues.create()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://127.0.0.1:4566/111111111111/q", ("111111111111", "us-east-1", "q")),
        ("http://sqs.eu-west-1.localhost:4566/111111111111/q", ("111111111111", "eu-west-1", "q")),
        ("https://sqs.eu-west-1.amazonaws.com/111111111111/q.fifo", ("111111111111", "eu-west-1", "q.fifo")),
        ("https://queue.amazonaws.com/111111111111/q/", ("111111111111", "us-east-1", "q")),
        ("http://host/queue/us-east-1/111111111111/q", ("111111111111", "us-east-1", "q")),
        ("q", ("000000000000", "us-east-1", "q")),
    ],
)
def test_a_url_names_its_queue_whatever_host_it_has(url: str, key: tuple[str, str, str]) -> None:
    assert key_of(url, CONTEXT) == key


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566/", "http://127.0.0.1:4566/q", "a b", "ftp://x/1/q"])
def test_an_address_that_is_no_queues_is_refused(url: str) -> None:
    with pytest.raises(CallerError, match="is not valid for this endpoint") as caught:
        key_of(url, CONTEXT)
    assert (caught.value.code, caught.value.status) == ("InvalidAddress", 404)


async def test_lists_have_pages_and_prefixes_and_only_the_callers_queues(queues: Queues) -> None:
    for name in ("a1", "a2", "a3", "b1", "B0"):
        await queues.create(name)
    await queues.call("CreateQueue", OTHER, QueueName="a4")
    await queues.call("CreateQueue", Context(CONTEXT.account, "eu-west-1", CONTEXT.endpoint), QueueName="a5")

    async def names(**members: Any) -> tuple[list[str], str | None]:
        answer = await queues.call("ListQueues", **members)
        found = [url.rpartition("/")[2] for url in answer.get("QueueUrls", [])]
        return found, answer.get("NextToken")

    assert await names() == (["B0", "a1", "a2", "a3", "b1"], None)
    assert await names(QueueNamePrefix="a") == (["a1", "a2", "a3"], None)
    assert await names(QueueNamePrefix="z") == ([], None)
    first, token = await names(QueueNamePrefix="a", MaxResults=2)
    assert first == ["a1", "a2"]
    assert await names(QueueNamePrefix="a", MaxResults=2, NextToken=token) == (["a3"], None)
    for limit in (0, 1001):
        assert (await queues.refused("ListQueues", MaxResults=limit)).code == "InvalidParameterValueException"
    assert (await queues.refused("ListQueues", NextToken="?")).code == "InvalidParameterValueException"


async def test_tags_are_added_replaced_and_removed(queues: Queues) -> None:
    answer = await queues.call("CreateQueue", QueueName="q", tags={"a": "1"})
    url = answer["QueueUrl"]
    await queues.call("TagQueue", QueueUrl=url, Tags={"a": "2", "b": ""})
    assert await queues.call("ListQueueTags", QueueUrl=url) == {"Tags": {"a": "2", "b": ""}}
    await queues.call("UntagQueue", QueueUrl=url, TagKeys=["a", "nothing"])
    assert await queues.call("ListQueueTags", QueueUrl=url) == {"Tags": {"b": ""}}
    many = {str(number): "" for number in range(50)}
    error = await queues.refused("TagQueue", QueueUrl=url, Tags=many)
    assert error.message == "Too many tags added for queue q."
    assert await queues.call("ListQueueTags", QueueUrl=url) == {"Tags": {"b": ""}}


async def test_permissions_are_statements_of_the_policy(queues: Queues) -> None:
    url = await queues.create()
    permission = {"QueueUrl": url, "Actions": ["ReceiveMessage"], "Label": "one"}
    accounts = ["000000000000", "668614515564"]
    await queues.call("AddPermission", CONTEXT, **permission, AWSAccountIds=accounts)
    policy = json.loads(await queues.attribute(url, "Policy") or "")
    assert policy == {
        "Version": "2008-10-17",
        "Id": f"{ARN}q/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
                "Action": "SQS:ReceiveMessage",
                "Resource": f"{ARN}q",
            }
        ],
    }
    error = await queues.refused("AddPermission", CONTEXT, **permission, AWSAccountIds=accounts)
    assert error.message == "Value one for parameter Label is invalid. Reason: Already exists."
    await queues.call("RemovePermission", QueueUrl=url, Label="one")
    assert await queues.attribute(url, "Policy") is None
    error = await queues.refused("RemovePermission", QueueUrl=url, Label="one")
    assert error.message == "Value one for parameter Label is invalid. Reason: can't find label."


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Actions": ["SendMessage"] * 8}, "OverLimit"),
        ({"Actions": ["Foobar"]}, "InvalidParameterValueException"),
        ({"AWSAccountIds": ["me"]}, "InvalidParameterValueException"),
        ({"Label": "a b"}, "InvalidParameterValueException"),
    ],
)
async def test_permissions_that_cannot_be_are_refused(
    queues: Queues, members: dict[str, Any], code: str
) -> None:
    url = await queues.create()
    good = {"QueueUrl": url, "Actions": ["SendMessage"], "AWSAccountIds": ["111111111111"], "Label": "l"}
    error = await queues.refused("AddPermission", CONTEXT, **(good | members))
    assert error.code == code
    assert await queues.attribute(url, "Policy") is None


async def test_another_account_may_do_what_the_policy_says_and_no_more(queues: Queues) -> None:
    url = await queues.create()
    send: dict[str, Any] = {"QueueUrl": url, "MessageBody": "m"}
    error = await queues.refused("SendMessage", OTHER, **send)
    assert (error.code, error.status) == ("AccessDeniedException", 403)
    permission = {"AWSAccountIds": [OTHER.account], "Actions": ["SendMessage"], "Label": "l"}
    await queues.call("AddPermission", CONTEXT, QueueUrl=url, **permission)
    await queues.call("SendMessage", OTHER, **send)
    assert (await queues.refused("ReceiveMessage", OTHER, QueueUrl=url)).code == "AccessDeniedException"
    everything = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}}
    await queues.call("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": json.dumps(everything)})
    await queues.call("ReceiveMessage", OTHER, QueueUrl=url)
    assert (await queues.refused("DeleteQueue", OTHER, QueueUrl=url)).code == "AccessDeniedException"


async def test_a_statement_with_a_condition_lets_nobody_in(queues: Queues) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {"Bool": {"x": "true"}}}
    url = await queues.create(Policy=json.dumps({"Statement": [statement]}))
    assert (await queues.refused("ReceiveMessage", OTHER, QueueUrl=url)).code == "AccessDeniedException"


KEY = QueueKey("000000000000", "us-east-1", "q")


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 2**31))
def test_a_handle_is_read_as_it_was_written_and_only_for_its_queue(
    backlog: int, id: int, receives: int
) -> None:
    handle = handles.encode(KEY, backlog, Receipt(id, receives))
    assert handle.startswith("AQEB")
    assert handles.decode(KEY, handle) == (backlog, Receipt(id, receives))
    with pytest.raises(ReceiptHandleIsInvalid):
        handles.decode(KEY._replace(region="eu-west-1"), handle)


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.hex())))
def test_garbage_is_no_handle(text: str) -> None:
    with pytest.raises(ReceiptHandleIsInvalid):
        handles.decode(KEY, text)
