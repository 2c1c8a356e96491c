"""An event as queries see it: its own fields, and those that are found in its message.

JSON messages give their properties, inner ones as `a.b` and `a.0`; Lambda's own lines give what they say.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

_FIELDS = 200  # that are found in one message, as AWS does
_KIND = re.compile(r"(START|END|REPORT) RequestId: (\S+)")
_REPORT = re.compile(
    r"(Init Duration|Billed Duration|Duration|Memory Size|Max Memory Used): ([\d.]+) (ms|MB)"
)
_REPORT_FIELDS = {
    "Duration": "@duration",
    "Billed Duration": "@billedDuration",
    "Init Duration": "@initDuration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
}
_REQUEST_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_BYTES_OF_MB = 1_000_000

Value = str | int | float | bool | None


class Record:
    """One event, or one row of `stats`. Its message is looked into for what it has not itself."""

    __slots__ = ("_found", "values")

    def __init__(self, values: dict[str, Value]) -> None:
        self.values = values
        self._found: dict[str, Value] | None = None

    def get(self, name: str) -> Value:
        """None where there is no such field."""
        if name in self.values:
            return self.values[name]
        if self._found is None:
            self._found = _discover(str(self.values.get("@message", "")))
        return self._found.get(name)


def _discover(message: str) -> dict[str, Value]:
    if message.startswith("{"):
        try:
            found = orjson.loads(message)
        except orjson.JSONDecodeError:
            return {}
        return dict(pair for pair, _ in zip(_flat("", found), range(_FIELDS), strict=False))
    kind = _KIND.match(message)
    if kind is None:
        request = _REQUEST_ID.search(message)
        return {} if request is None else {"@requestId": request[0]}
    fields: dict[str, Value] = {"@type": kind[1], "@requestId": kind[2]}
    for label, number, unit in _REPORT.findall(message):
        value = float(number)
        fields[_REPORT_FIELDS[label]] = value * _BYTES_OF_MB if unit == "MB" else value
    return fields


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(f"{prefix}.{number}", inner)
    elif value is not None:
        yield prefix, value
