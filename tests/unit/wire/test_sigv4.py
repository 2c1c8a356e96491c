from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.model.errors import CallerError
from ingle.wire import CredentialScope, Request, account_of, credential_scope, verify
from ingle.wire.errors import IncompleteSignature, InvalidSignature, MissingAuthenticationToken

KEY, SECRET = "123456789012", "a secret/of+signs"
HOST = "http://127.0.0.1:4566"


def signed(
    path: str = "/2015-03-31/functions", query: str = "", body: bytes = b"", *, presigned: bool = False
) -> Request:
    request = AWSRequest(
        method="POST", url=f"{HOST}{path}?{query}", data=body, headers={"X-Amz-Log-Type": " a   b "}
    )
    signer: Any = botocore.auth.SigV4QueryAuth if presigned else botocore.auth.SigV4Auth
    signer(Credentials(KEY, SECRET, "a-token"), "lambda", "eu-west-1").add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    raw_path, _, raw_query = request.url.removeprefix(HOST).partition("?")
    return Request("POST", raw_path, raw_query, {"host": "127.0.0.1:4566", **headers}, body)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("presigned", [False, True])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/", ""),
        ("/2015-03-31/functions/arn%3Aaws%3Alambda/invocations", "Qualifier=%24LATEST"),
        ("/2017-03-31/tags/x", "tagKeys=b%20c&tagKeys=a&empty="),
        ("/a/../b//c/", "z=1&a=2"),
    ],
)
def test_what_botocore_signs_is_verified(path: str, query: str, presigned: bool) -> None:
    request = signed(path, query, b"" if presigned else b'{"a":1}', presigned=presigned)
    scope = verify(request, SECRET, now())
    assert (scope.access_key_id, scope.region, scope.service) == (KEY, "eu-west-1", "lambda")


@pytest.mark.parametrize("change", ["body", "path", "query", "header", "secret"])
def test_whatever_was_changed_after_signing_is_refused(change: str) -> None:
    request = signed(body=b"{}")
    changed = Request(
        request.method,
        request.path + ("/x" if change == "path" else ""),
        request.query + ("b=1" if change == "query" else ""),
        {**request.headers, **({"x-amz-log-type": "c"} if change == "header" else {})},
        b"[]" if change == "body" else request.body,
    )
    with pytest.raises(InvalidSignature, match="signature we calculated does not match"):
        verify(changed, "other" if change == "secret" else SECRET, now())


@pytest.mark.parametrize(
    ("age", "text"), [(timedelta(minutes=16), "expired"), (-timedelta(minutes=16), "not yet current")]
)
def test_a_signature_holds_for_a_quarter_of_an_hour(age: timedelta, text: str) -> None:
    request = signed()
    verify(request, SECRET, now() + timedelta(minutes=14))
    with pytest.raises(InvalidSignature, match=text):
        verify(request, SECRET, now() + age)


def test_an_unsigned_request_has_no_scope() -> None:
    request = Request("GET", "/")
    assert credential_scope(request) is None
    assert credential_scope(Request("GET", "/", headers={"authorization": "Bearer x"})) is None
    with pytest.raises(MissingAuthenticationToken):
        verify(request, SECRET, now())


def test_the_scope_of_header_query_and_4a() -> None:
    header = (
        "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/lambda/aws4_request,SignedHeaders=host,Signature=a"
    )
    expected = CredentialScope("AK", "20260101", "eu-west-1", "lambda")
    assert credential_scope(Request("GET", "/", headers={"authorization": header})) == expected
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20260101%2Feu-west-1%2Flambda%2Faws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=a"
    )
    assert credential_scope(Request("GET", "/", query)) == expected
    header = (
        "AWS4-ECDSA-P256-SHA256 Credential=AK/20260101/lambda/aws4_request, SignedHeaders=host, Signature=a"
    )
    headers = {"authorization": header, "x-amz-region-set": "eu-west-1, us-east-1"}
    assert credential_scope(Request("GET", "/", headers=headers)) == expected


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (
            "",
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature'",
        ),
        ("Credential=a, Signature=b, SignedHeaders=host", "Credential must have exactly 5 slash-delimited"),
        (
            "Credential",
            "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            "Credential=a/b/c/d/e, Signature=b, SignedHeaders=host",
            "valid terminator: 'aws4_request', not 'e'",
        ),
    ],
)
def test_a_malformed_header_is_told_what_it_lacks(rest: str, text: str) -> None:
    request = Request("GET", "/", headers={"authorization": f"AWS4-HMAC-SHA256 {rest}"})
    with pytest.raises(IncompleteSignature) as caught:
        credential_scope(request)
    assert text in caught.value.message


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_header_or_query_is_too_strange_to_be_answered(header: str, query: str) -> None:
    headers = {"authorization": f"AWS4-HMAC-SHA256 {header}", "host": "h"}
    for request in (Request("GET", "/", headers=headers), Request("GET", "/", f"X-Amz-Algorithm={query}")):
        with pytest.raises(CallerError):
            verify(request, SECRET, now())


@pytest.mark.parametrize(
    ("key", "account"), [("123456789012", "123456789012"), ("AKIAX", "0" * 12), ("1234567890123", "0" * 12)]
)
def test_a_key_of_twelve_digits_is_its_account(key: str, account: str) -> None:
    assert account_of(key, "000000000000") == account
