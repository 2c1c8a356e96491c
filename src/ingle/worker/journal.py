"""The log of one environment: what the function writes and what Lambda writes about it, in one order.

It feeds the log stream, and while somebody wants it the tail of the current invocation.
"""

from __future__ import annotations

import time

from ingle.telemetry.lines import Formatter, InitReport, Report
from ingle.telemetry.logs import LogStream
from ingle.worker.output import LineSplitter, Tail


class Journal:
    """Writes lines to `stream` in the words of `formatter`. Never blocks, never fails."""

    def __init__(self, formatter: Formatter, stream: LogStream) -> None:
        self.stream = stream
        self._formatter = formatter
        self._splitter = LineSplitter()
        # What INIT writes belongs to the first invocation's tail, whether or not that one will want it.
        self._tail: Tail | None = Tail()

    def line(self, text: str | None) -> None:
        """One event, now; None is no event."""
        if text is None:
            return
        self.stream.append(time.time_ns() // 1_000_000, text)
        if self._tail is not None:
            self._tail.append(text)

    def output(self, data: bytes) -> None:
        """What the function's processes wrote to stdout and stderr: an event a line."""
        for line in self._splitter.feed(data):
            self.line(line)

    def flush(self) -> None:
        """End a line that has no newline."""
        for line in self._splitter.flush():
            self.line(line)

    def event(self, timestamp_ms: int, text: str) -> None:
        """One event that the runtime's logging wrote at `timestamp_ms`."""
        text = text.removesuffix("\n")  # the formatters of AWS's runtime client end a record with one
        self.stream.append(timestamp_ms, text)
        if self._tail is not None:
            self._tail.append(text)

    def want_tail(self) -> None:
        if self._tail is None:
            self._tail = Tail()

    def take_tail(self) -> bytes:
        """The last 4 KB since the tail was wanted; it is then wanted no longer."""
        tail, self._tail = self._tail, None
        return tail.last() if tail is not None else b""

    def init_start(self, runtime_version: str, runtime_version_arn: str) -> None:
        self.line(self._formatter.init_start(runtime_version, runtime_version_arn))

    def init_report(self, report: InitReport) -> None:
        self.line(self._formatter.init_report(report))

    def start(self, request_id: str, version: str) -> None:
        self.line(self._formatter.start(request_id, version))

    def fault(self, request_id: str, text: str) -> None:
        self.line(self._formatter.fault(request_id, text))

    def end(self, report: Report) -> None:
        """END and REPORT of an invocation."""
        self.flush()
        self.line(self._formatter.end(report.request_id))
        self.line(self._formatter.report(report))
