"""What may be in a message: its body, its attributes, the ids of FIFO queues; and how large it is.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ingle.model.errors import InvalidParameterValue
from ingle.services.sqs.errors import InvalidMessageContents, UnsupportedOperation, invalid
from ingle.wire.sqsservice import MissingParameter

Attributes = Mapping[str, Mapping[str, Any]]

_ATTRIBUTES = 10
_LENGTH = 256  # bytes of a name, and of a type
_CONTENT = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_NAME = re.compile(r"[\w.\u00c0-\u017f-]+", re.ASCII)
_RESERVED = ("aws.", "amazon.")
_TYPES = ("String", "Number", "Binary")
_LISTS = ("StringListValues", "BinaryListValues")
# Printable ASCII without the space.
_ID = re.compile(r"[!-~]{1,128}")
_TRACE_HEADER = "AWSTraceHeader"


def check_body(body: str) -> None:
    """Raises MissingParameter for an empty body, InvalidMessageContents for what XML could not say."""
    if not body:
        raise MissingParameter("MessageBody")
    check_content(body)


def check_content(text: str) -> None:
    """Raises InvalidMessageContents."""
    if not _CONTENT.fullmatch(text):
        raise InvalidMessageContents


def check_id(parameter: str, value: str) -> None:
    """Check a MessageGroupId or MessageDeduplicationId. Raises InvalidParameterValue."""
    if not _ID.fullmatch(value):
        reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
        raise invalid(parameter, value, reason)


def check_attributes(attributes: Attributes) -> None:
    """Check a message's own attributes. Raises InvalidParameterValue, UnsupportedOperation,
    InvalidMessageContents."""
    if len(attributes) > _ATTRIBUTES:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{_ATTRIBUTES}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_value(name, attribute or {})


def check_system_attributes(attributes: Attributes) -> None:
    """Check the attributes that a sender sets for SQS itself: the trace header. Raises as above."""
    for name, attribute in attributes.items():
        if name != _TRACE_HEADER:
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
        if (attribute or {}).get("DataType") != "String":
            raise InvalidParameterValue(f"Message system attribute '{name}' must be of the type 'String'.")
        _check_value(name, attribute)


def size(body: str, attributes: Attributes) -> int:
    """Bytes of a message as its limits count them: names, types and values count as the body does."""
    return len(body.encode()) + sum(
        len(name.encode()) + sum(_size(part) for part in attribute.values() if part is not None)
        for name, attribute in attributes.items()
    )


def select(attributes: Attributes, wanted: Iterable[str]) -> dict[str, Any]:
    """The attributes that a receiver asked for: by name, by its beginning (`prefix.*`), or `All`."""
    names, prefixes = set(), []
    for pattern in wanted:
        if pattern in ("All", ".*"):
            return dict(attributes)
        if pattern.endswith(".*"):
            prefixes.append(pattern[:-2])
        names.add(pattern)
    return {
        name: attribute
        for name, attribute in attributes.items()
        if name in names or any(name.startswith(prefix) for prefix in prefixes)
    }


def _check_name(name: str) -> None:
    if len(name.encode()) > _LENGTH:
        raise InvalidParameterValue("Message (user) attribute names must be shorter than 256 Bytes")
    if not _NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Message (user) attributes name can only contain upper and lower score characters, digits, "
            "periods, hyphens and underscores. "
        )
    if name.lower().startswith(_RESERVED) or name.startswith(".") or name.endswith("."):
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use. Additionally, they cannot start or end with '.'."
        )


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    type_name = attribute.get("DataType") or ""
    if not type_name:
        raise InvalidParameterValue(f"Message (user) attribute '{name}' must contain a non-empty type.")
    kind = type_name.partition(".")[0]
    if kind not in _TYPES:
        raise InvalidParameterValue(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the following "
            "supported type prefixes: Binary, Number, String."
        )
    if len(type_name.encode()) > _LENGTH:
        raise InvalidParameterValue("Message (user) attribute types must be shorter than 256 Bytes")
    if any(attribute.get(member) for member in _LISTS):
        raise UnsupportedOperation(
            "Message attribute list values in SendMessage operation are not supported."
        )
    value = attribute.get("BinaryValue" if kind == "Binary" else "StringValue")
    if not value:
        raise InvalidParameterValue(
            f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
        )
    if kind != "Binary":
        check_content(value)
    if kind == "Number" and not _is_number(value):
        raise InvalidParameterValue(f"Can't cast the value of message (user) attribute '{name}' to a number.")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _size(part: Any) -> int:
    return len(part) if isinstance(part, bytes) else len(part.encode()) if isinstance(part, str) else 0
