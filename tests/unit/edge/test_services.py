"""Whose a request is, by what it says about itself."""

from __future__ import annotations

import pytest

from ingle.edge.identity import Caller
from ingle.edge.services import region_of, service_of
from ingle.wire import Request

UNSIGNED = Caller("000000000000", "us-east-1")


def _request(path: str = "/", method: str = "POST", query: str = "", **headers: str) -> Request:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, {"host": "127.0.0.1:4566", **given})


def test_a_signature_says_best_whose_a_request_is() -> None:
    signed = Caller("000000000000", "us-east-1", "dynamodb", "test")
    request = _request(
        "/000000000000/q", host="sqs.us-east-1.localhost", x_amz_target="AmazonSQS.SendMessage"
    )
    assert service_of(request, signed) == "dynamodb"


@pytest.mark.parametrize(
    ("request_", "service"),
    [
        (_request(x_amz_target="AmazonSQS.SendMessage"), "sqs"),
        (_request(host="sqs.eu-west-1.localhost:4566"), "sqs"),
        (_request(host="sqs.eu-west-1.amazonaws.com"), "sqs"),
        (_request(host="queue.amazonaws.com"), "sqs"),
        (_request(host="sns.us-east-1.localhost"), "sns"),
        (_request("/000000000000/q", "GET"), "sqs"),
        (_request("/000000000000/q.fifo", "GET", "Action=SendMessage"), "sqs"),
        (_request("/000000000000/q", query="Action=ReceiveMessage"), "sqs"),
        (_request("/000000000000/q", content_type="application/x-www-form-urlencoded"), "sqs"),
        (_request("/000000000000/q"), "s3"),
        (_request("/2015-03-31/functions/f/invocations"), "lambda"),
        (_request("/2015-03-31/functions/f/invocations", host="localhost:4566"), "lambda"),
        (_request("/00000000000/q", "GET"), "s3"),
        (_request("/000000000000/q/x", "GET"), "s3"),
        (_request(x_amz_target="Other.SendMessage"), "lambda"),
    ],
)
def test_a_request_without_a_signature_is_told_by_its_marks(request_: Request, service: str) -> None:
    assert service_of(request_, UNSIGNED) == service


def test_the_region_is_the_signatures_or_the_host_names_or_the_default() -> None:
    request = _request(host="sqs.eu-west-1.localhost:4566")
    assert region_of(request, UNSIGNED) == "eu-west-1"
    assert region_of(request, Caller("000000000000", "us-west-2", "sqs", "test")) == "us-west-2"
    assert region_of(_request(), UNSIGNED) == "us-east-1"
