"""What a function writes, cut into log events; and the last 4 KB of it, for `LogType: Tail`."""

from __future__ import annotations

from ingle.model.invocation import LOG_TAIL_BYTES

# CloudWatch Logs takes events of up to 1 MB: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
MAX_EVENT_BYTES = 1_048_576 - 26


class LineSplitter:
    """Bytes in, whole lines out. A line longer than an event may be is cut."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes, newlines not included."""
        data = self._partial + data if self._partial else data
        lines = data.split(b"\n")
        self._partial = lines.pop()
        while len(self._partial) > MAX_EVENT_BYTES:
            lines.append(self._partial[:MAX_EVENT_BYTES])
            self._partial = self._partial[MAX_EVENT_BYTES:]
        return [text for line in lines for text in _events(line)]

    def flush(self) -> list[str]:
        """What stands there without a newline, as a line of its own."""
        partial, self._partial = self._partial, b""
        return [partial.decode("utf-8", "replace")] if partial else []


def _events(line: bytes) -> list[str]:
    if len(line) <= MAX_EVENT_BYTES:
        return [line.decode("utf-8", "replace")]
    starts = range(0, len(line), MAX_EVENT_BYTES)
    return [line[start : start + MAX_EVENT_BYTES].decode("utf-8", "replace") for start in starts]


class Tail:
    """The end of a log."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = bytearray()

    def append(self, text: str) -> None:
        self._bytes += text.encode("utf-8", "replace") + b"\n"
        if len(self._bytes) > 4 * LOG_TAIL_BYTES:
            del self._bytes[:-LOG_TAIL_BYTES]

    def last(self) -> bytes:
        """The last 4 KB."""
        return bytes(self._bytes[-LOG_TAIL_BYTES:])
