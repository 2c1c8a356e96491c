"""How AWS's framework writes a value into a validation text: as Java's `toString` does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

_REDACTED = "***Sensitive Data Redacted***"


def member_name(name: str) -> str:
    """A member in Java's spelling: `FunctionName` is `functionName`, `KMSKeyArn` is `kMSKeyArn`."""
    return name[:1].lower() + name[1:]


def is_sensitive(shape: Any) -> bool:
    """Whether a value of `shape` (a botocore shape) must not be repeated in a text."""
    if shape.metadata.get("sensitive"):
        return True
    if shape.type_name == "list":
        return is_sensitive(shape.member)
    if shape.type_name == "map":
        return is_sensitive(shape.key) or is_sensitive(shape.value)
    return False


def to_text(shape: Any, value: Any) -> str:
    """`value` of `shape` as Java prints it: `[a, b]`, `{k=v}`, `Name(member=value)`, `true`, `1.0`."""
    if value is None:
        return "null"
    if shape.metadata.get("sensitive"):
        return _REDACTED
    if shape.type_name == "list":
        return f"[{', '.join(to_text(shape.member, item) for item in value)}]"
    if shape.type_name == "map":
        entries = (f"{to_text(shape.key, k)}={to_text(shape.value, v)}" for k, v in value.items())
        return f"{{{', '.join(entries)}}}"
    if shape.type_name == "structure":
        members = (
            f"{member_name(name)}={to_text(member, value[name])}"
            for name, member in shape.members.items()
            if name in value
        )
        return f"{shape.name}({', '.join(members)})"
    return _scalar(shape, value)


def _scalar(shape: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        size = len(value)
        return f"java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]"
    if isinstance(value, datetime):
        return value.isoformat()
    if shape.type_name in ("double", "float"):
        return str(float(value))
    return str(value)
