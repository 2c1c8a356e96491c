"""SQS's errors. Codes are the shapes of the service model; `ingle.wire.sqsservice` has their query forms.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from ingle.model.errors import CallerError, InvalidParameterValue


class QueueNameExists(CallerError):
    code = "QueueNameExists"

    def __init__(self, attribute: str) -> None:
        super().__init__(
            f"A queue already exists with the same name and a different value for attribute {attribute}"
        )


class PurgeQueueInProgress(CallerError):
    code = "PurgeQueueInProgress"
    status = 403

    def __init__(self, name: str) -> None:
        super().__init__(f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.")


class InvalidAddress(CallerError):
    code = "InvalidAddress"
    status = 404

    def __init__(self, address: str) -> None:
        super().__init__(f"The address {address} is not valid for this endpoint.")


class InvalidAttributeName(CallerError):
    code = "InvalidAttributeName"


class InvalidAttributeValue(CallerError):
    code = "InvalidAttributeValue"

    def __init__(self, attribute: str, reason: str = "") -> None:
        super().__init__(f"Invalid value for the parameter {attribute}.{reason and ' Reason: '}{reason}")


class UnknownAttribute(InvalidAttributeName):
    def __init__(self, attribute: str) -> None:
        super().__init__(f"Unknown Attribute {attribute}.")


class ReceiptHandleIsInvalid(CallerError):
    code = "ReceiptHandleIsInvalid"
    status = 404

    def __init__(self, handle: str) -> None:
        super().__init__(f'The input receipt handle "{handle}" is not a valid receipt handle.')


class InvalidMessageContents(CallerError):
    code = "InvalidMessageContents"

    def __init__(self) -> None:
        super().__init__(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | "
            "#xE000 to #xFFFD | #x10000 to #x10FFFF"
        )


class UnsupportedOperation(CallerError):
    code = "UnsupportedOperation"


class OverLimit(CallerError):
    code = "OverLimit"
    status = 403


class ResourceNotFound(CallerError):
    code = "ResourceNotFoundException"
    status = 404


class EmptyBatchRequest(CallerError):
    code = "EmptyBatchRequest"

    def __init__(self, entry: str) -> None:
        super().__init__(f"There should be at least one {entry} in the request.")


class TooManyEntriesInBatchRequest(CallerError):
    code = "TooManyEntriesInBatchRequest"

    def __init__(self, limit: int, sent: int) -> None:
        super().__init__(f"Maximum number of entries per request are {limit}. You have sent {sent}.")


class InvalidBatchEntryId(CallerError):
    code = "InvalidBatchEntryId"

    def __init__(self) -> None:
        super().__init__(
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long."
        )


class BatchEntryIdsNotDistinct(CallerError):
    code = "BatchEntryIdsNotDistinct"

    def __init__(self, id: str) -> None:
        super().__init__(f"Id {id} repeated.")


class BatchRequestTooLong(CallerError):
    code = "BatchRequestTooLong"

    def __init__(self, limit: int, sent: int) -> None:
        super().__init__(f"Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.")


def invalid(parameter: str, value: object, reason: str) -> InvalidParameterValue:
    """SQS's sentence for most that is wrong with a parameter."""
    return InvalidParameterValue(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")
