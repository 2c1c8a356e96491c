"""What a function writes, cut into log events; and the last 4 KB of it, for `LogType: Tail`."""

from __future__ import annotations

from ingle.model.invocation import LOG_TAIL_BYTES

# CloudWatch Logs takes events of up to 1 MB: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
MAX_EVENT_BYTES = 1_048_576 - 26


class LineSplitter:
    """Bytes in, whole lines out. A line longer than an event may be is cut."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes, newlines not included."""
        # Only what is new is searched: a function may write a long line byte by byte.
        first, newline, rest = data.partition(b"\n")
        self._partial += first
        events = self._cut()
        if not newline:
            return events
        events.append(self._take())
        lines = rest.split(b"\n")
        self._partial += lines.pop()
        for line in lines:
            events += _events(line)
        return events + self._cut()

    def flush(self) -> list[str]:
        """What stands there without a newline, as a line of its own."""
        return [self._take()] if self._partial else []

    def _take(self) -> str:
        text = self._partial.decode("utf-8", "replace")
        self._partial.clear()
        return text

    def _cut(self) -> list[str]:
        """The events that a line without its end fills already; its end may come, so one byte stays."""
        events = []
        while len(self._partial) > MAX_EVENT_BYTES:
            events.append(self._partial[:MAX_EVENT_BYTES].decode("utf-8", "replace"))
            del self._partial[:MAX_EVENT_BYTES]
        return events


def _events(line: bytes) -> list[str]:
    starts = range(0, len(line) or 1, MAX_EVENT_BYTES)
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
