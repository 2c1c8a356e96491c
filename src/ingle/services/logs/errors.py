"""CloudWatch Logs' errors; their codes are the shapes of the service model, and all have the status 400.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from ingle.model.errors import CallerError


class InvalidParameter(CallerError):
    code = "InvalidParameterException"


class InvalidOperation(CallerError):
    code = "InvalidOperationException"


class ResourceNotFound(CallerError):
    code = "ResourceNotFoundException"


class ResourceAlreadyExists(CallerError):
    code = "ResourceAlreadyExistsException"


class LimitExceeded(CallerError):
    code = "LimitExceededException"


class TooManyTags(CallerError):
    code = "TooManyTagsException"


class MalformedQuery(CallerError):
    """An Insights query that cannot be read; `start` and `end` are characters of it."""

    code = "MalformedQueryException"

    def __init__(self, message: str, start: int, end: int) -> None:
        location = {"startCharOffset": start, "endCharOffset": end}
        super().__init__(message, fields={"queryCompileError": {"location": location, "message": message}})


def no_group() -> ResourceNotFound:
    return ResourceNotFound("The specified log group does not exist.")


def no_stream() -> ResourceNotFound:
    return ResourceNotFound("The specified log stream does not exist.")


def invalid_token() -> InvalidParameter:
    return InvalidParameter("The specified nextToken is invalid.")


def refused(name: str, value: object, constraint: str) -> InvalidParameter:
    """What the service's framework says of a value, for rules that the model does not have."""
    return InvalidParameter(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"
    )
