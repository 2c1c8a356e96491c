"""An invocation's payload must be JSON: Lambda refuses any other, in the words of Jackson, its JSON reader.

An empty payload is no payload. What is JSON goes to the function byte for byte, so nothing is kept here.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from ingle.model.errors import InvalidRequestContent

_VALUE = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
_EXPECTED_VALUE = f"expected a valid value ({_VALUE})"
_TOKEN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def require_json(payload: bytes) -> None:
    """Raises InvalidRequestContent where `payload` is neither empty nor one JSON value in UTF-8."""
    if not payload:
        return
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_bytes(payload, error)
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except _Constant as constant:
        at = text.find(constant.args[0])
        _refuse(
            f"Non-standard token '{constant.args[0]}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS`"
            " to allow",
            text,
            at + len(constant.args[0]),
        )
    except json.JSONDecodeError as error:
        _refuse_text(text, error)
    except RecursionError:
        _refuse("Document nesting depth exceeds the maximum allowed", text, 0)
    except ValueError:
        _refuse("Number value length exceeds the maximum allowed", text, 0)


class _Constant(ValueError):
    """NaN or Infinity, which Python reads and JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Constant(name)


def _refuse_bytes(payload: bytes, error: UnicodeDecodeError) -> NoReturn:
    before = payload[: error.start].decode("utf-8")
    wrong = payload[error.start]
    if _expects_value(before):
        character = f"(CTRL-CHAR, code {wrong})" if wrong < 160 else f"'{chr(wrong)}' (code {wrong})"
        _refuse(f"Unexpected character ({character}): {_EXPECTED_VALUE}", before, len(before))
    if error.reason == "invalid start byte":
        _refuse(f"Invalid UTF-8 start byte 0x{wrong:x}", before, len(before) + 1)
    middle = payload[min(error.end, len(payload) - 1)]
    _refuse(f"Invalid UTF-8 middle byte 0x{middle:x}", before, len(before) + 1)


def _expects_value(before: str) -> bool:
    """Whether a JSON value would have to begin after `before`."""
    try:
        json.loads(before)
    except json.JSONDecodeError as error:
        return error.msg == "Expecting value" and not before[error.pos :].strip()
    except (ValueError, RecursionError):
        return False
    return False


def _refuse_text(text: str, error: json.JSONDecodeError) -> NoReturn:
    at = error.pos
    while at < len(text) and text[at] in " \t\n\r":
        at += 1
    if at >= len(text) or error.msg.startswith("Unterminated string"):
        _refuse("Unexpected end-of-input", text, len(text))
    token = _TOKEN.match(text, at)
    if error.msg == "Expecting value" and token is not None:
        _refuse(f"Unrecognized token '{token[0]}': was expecting ({_VALUE})", text, token.end())
    found = f"Unexpected character ({_character(text[at])})"
    _refuse(f"{found}: {_WANTED.get(error.msg, _EXPECTED_VALUE)}", text, at)


_WANTED = {
    "Expecting property name enclosed in double quotes": (
        "was expecting double-quote to start field name"
    ),
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Expecting ',' delimiter": "was expecting comma to separate Object entries",
}  # fmt: skip


def _character(character: str) -> str:
    code = ord(character)
    if code < 32 or 127 <= code < 160:
        return f"(CTRL-CHAR, code {code})"
    return f"'{character}' (code {code})"


def _refuse(reason: str, text: str, at: int) -> NoReturn:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    raise InvalidRequestContent(
        f"Could not parse request body into json: Could not parse payload into json: {reason}\n"
        " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
        f"line: {line}, column: {column}]"
    )
