"""Errors name the guilty.

    IngleError
    ├── CallerError            the caller's fault: a modelled AWS error, `Type: User`
    └── ServiceError           ours: `ServiceException`, `Type: Service`, logged with its cause

A function's own fault is not an exception here: an invocation that fails inside the function is an
answer (HTTP 200 with `X-Amz-Function-Error`), see `ingle.model.invocation`.

Codes, status and members are those of AWS's service model; `ingle.wire` renders them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class IngleError(Exception):
    """An error that is answered over the API.

    `code` is the AWS exception's shape name, `status` the HTTP status, `fields` further members of the
    modelled exception (such as `Reason`), `headers` further HTTP headers (such as `Retry-After`).
    """

    code: str = "ServiceException"
    status: int = 500
    type: ClassVar[str] = "Service"

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


class CallerError(IngleError):
    """The caller's fault."""

    type = "User"
    status = 400
    code = "InvalidParameterValueException"


class InvalidParameterValue(CallerError):
    """A parameter that the service model allows and Lambda refuses."""

    code = "InvalidParameterValueException"


class ValidationError(CallerError):
    """A parameter that the service model's own constraints refuse."""

    code = "ValidationException"


class InvalidRequestContent(CallerError):
    """A body that is not the JSON that the operation takes."""

    code = "InvalidRequestContentException"


class ResourceNotFound(CallerError):
    code = "ResourceNotFoundException"
    status = 404


class CodeSigningConfigNotFound(CallerError):
    code = "CodeSigningConfigNotFoundException"
    status = 404


class ProvisionedConcurrencyConfigNotFound(CallerError):
    code = "ProvisionedConcurrencyConfigNotFoundException"
    status = 404


class ResourceConflict(CallerError):
    code = "ResourceConflictException"
    status = 409


class ResourceInUse(CallerError):
    """A resource that another change has not left yet."""

    code = "ResourceInUseException"


class PreconditionFailed(CallerError):
    code = "PreconditionFailedException"
    status = 412


class RequestTooLarge(CallerError):
    code = "RequestTooLargeException"
    status = 413


class RequestEntityTooLarge(CallerError):
    """A deployment package or a request that is over Lambda's limit.

    AWS's model knows only RequestTooLargeException; what Lambda really sends here is this code.
    """

    code = "RequestEntityTooLargeException"
    status = 413


class AccessDenied(CallerError):
    code = "AccessDeniedException"
    status = 403


class CodeStorageExceeded(CallerError):
    code = "CodeStorageExceededException"


class PolicyLengthExceeded(CallerError):
    code = "PolicyLengthExceededException"


class TooManyRequests(CallerError):
    """A throttle; `Reason` says which limit, `Retry-After` when to come back (seconds)."""

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, message: str, reason: str, retry_after: int | None = None) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        super().__init__(message, fields={"Reason": reason}, headers=headers)


class NotImplementedYet(CallerError):
    """An operation of AWS's model that Ingle does not have yet: clear, never silent."""

    code = "NotImplementedException"
    status = 501


class ServiceError(IngleError):
    """Ours."""

    type = "Service"
    code = "ServiceException"
    status = 500
