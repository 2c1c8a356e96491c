"""Whose a request is, where no signature says it."""

from __future__ import annotations

import pytest

from ingle.edge.identity import Caller
from ingle.edge.services import region_of, service_of
from ingle.wire.message import Request

UNSIGNED = Caller("000000000000", "us-east-1")


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("s3.localhost:4566", "s3"),
        ("s3.eu-west-1.localhost:4566", "s3"),
        ("bucket.s3.localhost:4566", "s3"),
        ("a.b.s3.eu-west-1.amazonaws.com", "s3"),
        ("bucket.s3-eu-west-1.amazonaws.com", "s3"),
        ("sqs.us-east-1.localhost", "sqs"),
        ("dynamodb.eu-west-1.amazonaws.com", "dynamodb"),
        ("email.us-east-1.amazonaws.com", "ses"),
        ("lambda.us-east-1.amazonaws.com", "lambda"),
        ("localhost:4566", "lambda"),
        ("127.0.0.1:4566", "lambda"),
    ],
)
def test_a_host_name_says_it(host: str, service: str) -> None:
    assert service_of(Request("GET", "/", "", {"host": host}), UNSIGNED) == service


@pytest.mark.parametrize(
    ("path", "query", "service"),
    [
        ("/bucket/key", "", "s3"),
        ("/bucket/2015-03-31/functions", "", "s3"),
        ("/", "AWSAccessKeyId=a&Signature=s&Expires=1", "s3"),
        ("/2015-03-31/functions/", "", "lambda"),
        ("/2014-11-13/functions/f/invoke-async/", "", "lambda"),
        ("/us-east-1_abc/.well-known/jwks.json", "", "cognito-idp"),
        ("/000000000000/queue", "", "sqs"),
        ("/", "", "lambda"),
        ("/X", "", "lambda"),
    ],
)
def test_a_path_says_it(path: str, query: str, service: str) -> None:
    assert service_of(Request("GET", path, query, {"host": "127.0.0.1:4566"}), UNSIGNED) == service


def test_the_signature_says_it_best() -> None:
    signed = Caller("000000000000", "us-east-1", "iam", "key")
    assert service_of(Request("GET", "/bucket/key", "", {"host": "s3.localhost"}), signed) == "iam"


@pytest.mark.parametrize(
    "host", ["s3.eu-west-1.localhost", "bucket.s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"]
)
def test_a_host_name_says_the_region(host: str) -> None:
    assert region_of(Request("GET", "/", "", {"host": host}), UNSIGNED) == "eu-west-1"
