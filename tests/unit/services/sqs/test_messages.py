"""What a message may be, and what batches may: limits, texts, and entries that fail alone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.services.sqs.conftest import Queues

MEBIBYTE = 1_048_576


def _string(value: str, kind: str = "String") -> dict[str, Any]:
    return {"DataType": kind, "StringValue": value}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        (
            {"MessageBody": ""},
            "MissingRequiredParameterException",
            "The request must contain the parameter MessageBody.",
        ),
        (
            {"MessageBody": "x" * (MEBIBYTE + 1)},
            "InvalidParameterValueException",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ),
        (
            {"MessageBody": "ä" * (MEBIBYTE // 2), "MessageAttributes": {"a": _string("b")}},
            "InvalidParameterValueException",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ),
        (
            {"DelaySeconds": 901},
            "InvalidParameterValueException",
            "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
        ),
        (
            {"MessageGroupId": "group 123"},
            "InvalidParameterValueException",
            "Value group 123 for parameter MessageGroupId is invalid. Reason: MessageGroupId can only "
            "include alphanumeric and punctuation characters. 1 to 128 in length.",
        ),
        (
            {"MessageGroupId": ""},
            "InvalidParameterValueException",
            "Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include "
            "alphanumeric and punctuation characters. 1 to 128 in length.",
        ),
        (
            {"MessageDeduplicationId": "x"},
            "InvalidParameterValueException",
            "Value x for parameter MessageDeduplicationId is invalid. Reason: The request includes a "
            "parameter that is not valid for this queue type.",
        ),
        (
            {"MessageAttributes": {"ErrorDetails": _string("")}},
            "InvalidParameterValueException",
            "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
        ),
        (
            {"MessageAttributes": {"n": _string("many", "Number")}},
            "InvalidParameterValueException",
            "Can't cast the value of message (user) attribute 'n' to a number.",
        ),
        (
            {"MessageAttributes": {"a": {"DataType": "String", "StringListValues": ["x"]}}},
            "UnsupportedOperation",
            "Message attribute list values in SendMessage operation are not supported.",
        ),
        (
            {"MessageAttributes": {str(n): _string("x") for n in range(11)}},
            "InvalidParameterValueException",
            "Number of message attributes [11] exceeds the allowed maximum [10].",
        ),
    ],
)
async def test_a_message_that_cannot_be_is_refused(
    queues: Queues, members: dict[str, Any], code: str, message: str
) -> None:
    url = await queues.create()
    error = await queues.refused("SendMessage", **({"QueueUrl": url, "MessageBody": "m"} | members))
    assert (error.code, error.message) == (code, message)
    assert await queues.counts(url) == (0, 0, 0)


@pytest.mark.parametrize("name", ["", "a b", "AWS.x", "amazon.x", ".x", "x.", "x" * 257, "x/y"])
async def test_names_of_attributes_that_cannot_be_are_refused(queues: Queues, name: str) -> None:
    url = await queues.create()
    error = await queues.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageAttributes={name: _string("x")}
    )
    assert error.code == "InvalidParameterValueException"


@pytest.mark.parametrize("kind", ["", "Text", "string", "Stringy", "String." + "x" * 250])
async def test_types_of_attributes_that_cannot_be_are_refused(queues: Queues, kind: str) -> None:
    url = await queues.create()
    error = await queues.refused(
        "SendMessage", QueueUrl=url, MessageBody="m", MessageAttributes={"a": _string("x", kind)}
    )
    assert error.code == "InvalidParameterValueException"


@pytest.mark.parametrize("body", ["\x00", "a\x08", "\x13", "\uffff", "\ud800"])
async def test_characters_that_xml_does_not_have_are_refused(queues: Queues, body: str) -> None:
    url = await queues.create()
    error = await queues.refused("SendMessage", QueueUrl=url, MessageBody=body)
    assert error.code == "InvalidMessageContents"


async def test_all_that_xml_has_goes_through_unchanged(queues: Queues) -> None:
    url = await queues.create()
    body = "\t\n\r ~\x7f\x85äß\ud7ff\ue000\ufffd\U00010000\U0010ffff<&>\"'"
    await queues.send(url, body)
    assert await queues.bodies(url) == [body]


async def test_a_message_may_have_the_size_that_the_queue_says(queues: Queues) -> None:
    url = await queues.create(MaximumMessageSize="1024")
    await queues.send(url, "x" * 1024)
    error = await queues.refused("SendMessage", QueueUrl=url, MessageBody="x" * 1025)
    assert error.message.endswith("Message must be shorter than 1024 bytes.")


@pytest.mark.parametrize("operation", ["SendMessage", "DeleteMessage", "ChangeMessageVisibility"])
async def test_batches_obey_one_set_of_rules(queues: Queues, operation: str) -> None:
    url = await queues.create()
    entry = {"MessageBody": "m", "ReceiptHandle": "x", "VisibilityTimeout": 1}

    async def refused(*ids: str) -> tuple[str, str]:
        entries = [{"Id": id, **entry} for id in ids]
        error = await queues.refused(f"{operation}Batch", QueueUrl=url, Entries=entries)
        return error.code, error.message

    assert await refused() == (
        "EmptyBatchRequest",
        f"There should be at least one {operation}BatchRequestEntry in the request.",
    )
    assert await refused(*map(str, range(20))) == (
        "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 20.",
    )
    for id in ("", "invalid:id", "x" * 81, "ä"):
        assert await refused(id) == (
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be "
            "at most 80 letters long.",
        )
    assert await refused("a", "b", "a") == ("BatchEntryIdsNotDistinct", "Id a repeated.")


async def test_an_entry_fails_alone(queues: Queues) -> None:
    url = await queues.create(MaximumMessageSize="1024")
    entries = [
        {"Id": "good", "MessageBody": "m"},
        {"Id": "large", "MessageBody": "x" * 1025},
        {"Id": "bad", "MessageBody": "\x01"},
    ]
    answer = await queues.call("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    large, bad = answer["Failed"]
    assert large == {
        "Id": "large",
        "SenderFault": True,
        "Code": "InvalidParameterValue",
        "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 "
        "bytes.",
    }
    assert (bad["Id"], bad["Code"]) == ("bad", "InvalidMessageContents")


async def test_a_batch_is_as_large_as_a_message_may_be_and_no_larger(queues: Queues) -> None:
    url = await queues.create()
    entries = [{"Id": str(n), "MessageBody": "x" * (MEBIBYTE // 2)} for n in range(2)]
    await queues.call("SendMessageBatch", QueueUrl=url, Entries=entries)
    entries.append({"Id": "more", "MessageBody": "x"})
    error = await queues.refused("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert (error.code, error.message) == (
        "BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    )


async def test_batches_of_receipts_answer_for_each_entry(queues: Queues) -> None:
    url = await queues.create()
    for body in ("a", "b"):
        await queues.send(url, body)
    handles = {message["Body"]: message["ReceiptHandle"] for message in await queues.receive(url)}
    entries: list[dict[str, Any]] = [
        {"Id": "a", "ReceiptHandle": handles["a"], "VisibilityTimeout": 0},
        {"Id": "b", "ReceiptHandle": handles["b"]},
        {"Id": "c", "ReceiptHandle": handles["b"], "VisibilityTimeout": 43_201},
        {"Id": "x", "ReceiptHandle": "x", "VisibilityTimeout": 0},
    ]
    answer = await queues.call("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=entries)
    assert answer["Successful"] == [{"Id": "a"}]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [
        ("b", "MissingParameter"),
        ("c", "InvalidParameterValue"),
        ("x", "ReceiptHandleIsInvalid"),
    ]
    assert await queues.counts(url) == (1, 1, 0)
    answer = await queues.call("DeleteMessageBatch", QueueUrl=url, Entries=[entries[0], entries[3]])
    assert answer["Successful"] == [{"Id": "a"}]
    assert [entry["Id"] for entry in answer["Failed"]] == ["x"]
    assert await queues.counts(url) == (0, 1, 0)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"MaxNumberOfMessages": 11},
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if "
            "provided.",
        ),
        (
            {"WaitTimeSeconds": 21},
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            {"WaitTimeSeconds": -1},
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            {"VisibilityTimeout": 43_201},
            "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if "
            "provided.",
        ),
        ({"AttributeNames": ["Foobar"]}, "Unknown Attribute Foobar."),
    ],
)
async def test_a_reception_that_cannot_be_is_refused(
    queues: Queues, members: dict[str, Any], message: str
) -> None:
    url = await queues.create()
    error = await queues.refused("ReceiveMessage", QueueUrl=url, **members)
    assert error.message == message
