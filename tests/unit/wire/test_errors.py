from __future__ import annotations

import json

import botocore.parsers
import pytest

from ingle.model.errors import (
    CallerError,
    IngleError,
    InvalidParameterValue,
    ResourceNotFound,
    ServiceError,
    TooManyRequests,
    ValidationError,
)
from ingle.wire import Service

LAMBDA = Service.load("lambda")


@pytest.mark.parametrize(
    ("error", "status", "code", "body"),
    [
        (ResourceNotFound("gone"), 404, "ResourceNotFoundException", {"Type": "User", "Message": "gone"}),
        (
            InvalidParameterValue("no"),
            400,
            "InvalidParameterValueException",
            {"Type": "User", "message": "no"},
        ),
        (ValidationError("bad"), 400, "ValidationException", {"Type": "User", "message": "bad"}),
        (ServiceError("ours"), 500, "ServiceException", {"Type": "Service", "Message": "ours"}),
    ],
)
def test_an_error_has_the_spelling_of_its_shape(
    error: IngleError, status: int, code: str, body: dict[str, str]
) -> None:
    response = LAMBDA.render(error, "an-id")
    assert response.status == status
    assert json.loads(response.body) == body
    assert response.headers == {
        "x-amzn-RequestId": "an-id",
        "x-amzn-ErrorType": code,
        "Content-Type": "application/json",
    }


def test_a_throttle_has_its_reason_and_when_to_come_back() -> None:
    response = LAMBDA.render(TooManyRequests("Rate Exceeded.", "CallerRateLimitExceeded", 3), "id")
    assert response.status == 429
    assert response.headers["Retry-After"] == "3"
    assert json.loads(response.body) == {
        "Type": "User",
        "message": "Rate Exceeded.",
        "Reason": "CallerRateLimitExceeded",
    }


def test_botocore_reads_code_and_message_of_an_unmodelled_error() -> None:
    error = CallerError("no <such> thing")
    error.code = "SomethingException"
    response = LAMBDA.render(error, "id")
    raw = {"status_code": 400, "headers": _lower(dict(response.headers)), "body": response.body}
    parsed = botocore.parsers.create_parser("rest-json").parse(raw, None)
    assert parsed["Error"] == {"Code": "SomethingException", "Message": "no <such> thing"}


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
