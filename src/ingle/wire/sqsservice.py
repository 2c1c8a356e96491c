"""What SQS does that its service model does not say.

SQS was a query service before it spoke JSON, and clients of both kinds are served. The published model is the
JSON one: the names of the query form, the codes that its clients know and the texts that it words in its own
way stand here, as recorded from AWS's answers.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests.html
"""

from __future__ import annotations

from ingle.model.errors import CallerError, InvalidParameterValue
from ingle.wire.departures import Departures, QueryNames


class MissingParameter(CallerError):
    """A member that the operation requires and the request lacks. SQS says it in its own words."""

    code = "MissingRequiredParameterException"

    def __init__(self, name: str) -> None:
        super().__init__(f"The request must contain the parameter {name}.")


class QueueDoesNotExist(CallerError):
    """There is no such queue; also where a request names none at all."""

    code = "QueueDoesNotExist"

    def __init__(self) -> None:
        super().__init__("The specified queue does not exist.")


def _missing(name: str) -> CallerError:
    if name == "QueueUrl":
        return QueueDoesNotExist()
    if name == "QueueName":
        return InvalidParameterValue(
            "Value for parameter QueueName is invalid. Reason: Must specify a queue name."
        )
    return MissingParameter(name)


_SQS = "AWS.SimpleQueueService."
_BATCH_ERRORS = (
    "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong",
    "EmptyBatchRequest",
    "InvalidBatchEntryId",
    "TooManyEntriesInBatchRequest",
)

# Lists and maps are flattened; what their members are called in `Name.1`, and the keys and values of maps.
_QUERY_NAMES = QueryNames(
    namespace="http://queue.amazonaws.com/doc/2012-11-05/",
    list_members={
        "AWSAccountIdList": "AWSAccountId",
        "ActionNameList": "ActionName",
        "AttributeNameList": "AttributeName",
        "BatchResultErrorEntryList": "BatchResultErrorEntry",
        "BinaryList": "BinaryListValue",
        "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
        "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
        "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
        "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
        "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
        "MessageAttributeNameList": "MessageAttributeName",
        "MessageList": "Message",
        "MessageSystemAttributeList": "MessageSystemAttributeName",
        "QueueUrlList": "QueueUrl",
        "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
        "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
        "StringList": "StringListValue",
        "TagKeyList": "TagKey",
    },
    map_entries={
        "MessageBodyAttributeMap": ("Name", "Value"),
        "MessageBodySystemAttributeMap": ("Name", "Value"),
        "MessageSystemAttributeMap": ("Name", "Value"),
        "QueueAttributeMap": ("Name", "Value"),
        "TagMap": ("Key", "Value"),
    },
    members={
        ("CreateQueueRequest", "Attributes"): "Attribute",
        ("CreateQueueRequest", "tags"): "Tag",
        ("GetQueueAttributesResult", "Attributes"): "Attribute",
        ("ListQueueTagsResult", "Tags"): "Tag",
        ("Message", "Attributes"): "Attribute",
        ("Message", "MessageAttributes"): "MessageAttribute",
        ("MessageAttributeValue", "StringListValues"): "StringListValue",
        ("MessageAttributeValue", "BinaryListValues"): "BinaryListValue",
        ("MessageSystemAttributeValue", "StringListValues"): "StringListValue",
        ("MessageSystemAttributeValue", "BinaryListValues"): "BinaryListValue",
        ("SendMessageBatchRequestEntry", "MessageAttributes"): "MessageAttribute",
        ("SendMessageBatchRequestEntry", "MessageSystemAttributes"): "MessageSystemAttribute",
        ("SendMessageRequest", "MessageAttributes"): "MessageAttribute",
        ("SendMessageRequest", "MessageSystemAttributes"): "MessageSystemAttribute",
        ("SetQueueAttributesRequest", "Attributes"): "Attribute",
    },
)

DEPARTURES = Departures(
    missing=_missing,
    error_namespace="com.amazonaws.sqs",
    query_codes={
        **{name: _SQS + name for name in _BATCH_ERRORS},
        "MessageNotInflight": _SQS + "MessageNotInflight",
        "PurgeQueueInProgress": _SQS + "PurgeQueueInProgress",
        "QueueDeletedRecently": _SQS + "QueueDeletedRecently",
        "QueueDoesNotExist": _SQS + "NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "UnsupportedOperation": _SQS + "UnsupportedOperation",
        "ResourceNotFoundException": "ResourceNotFoundException",
    },
    query_texts={"QueueDoesNotExist": "The specified queue does not exist for this wsdl version."},
    query_names=_QUERY_NAMES,
)
