from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.model.errors import InvalidRequestContent
from ingle.wire import require_json

SOURCE = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
VALUE = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        # The first two were recorded from AWS.
        (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", f"Invalid UTF-8 start byte 0x87{SOURCE}line: 1, column: 3]"),
        (
            b"\x99\xeb,j\x07\xa1zYh",
            f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value ({VALUE}){SOURCE}"
            "line: 1, column: 1]",
        ),
        (b"hello world", f"Unrecognized token 'hello': was expecting ({VALUE}){SOURCE}line: 1, column: 6]"),
        (b'{"a": 1', f"Unexpected end-of-input{SOURCE}line: 1, column: 8]"),
        (b'{"a": "\xff"}', f"Invalid UTF-8 start byte 0xff{SOURCE}line: 1, column: 9]"),
    ],
)
def test_a_payload_that_is_not_json_is_refused_in_lambdas_words(payload: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequestContent) as caught:
        require_json(payload)
    prefix = "Could not parse request body into json: Could not parse payload into json: "
    assert caught.value.message == prefix + reason


@pytest.mark.parametrize(
    "payload", [b"NaN", b"[Infinity]", b"{'a':1}", b"[" * 100_000, b"1" * 5000, b"{} {}"]
)
def test_what_only_python_would_read_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidRequestContent):
        require_json(payload)


def test_no_payload_is_allowed() -> None:
    require_json(b"")


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s)))
def test_json_passes(value: object) -> None:
    require_json(json.dumps(value).encode())


@settings(deadline=None)
@given(st.binary(min_size=1))
def test_any_bytes_pass_or_are_refused(payload: bytes) -> None:
    with suppress(InvalidRequestContent):
        require_json(payload)
        json.loads(payload)
