"""The lines that Lambda itself writes to a function's log: text and JSON.

Text: INIT_START, START, END, REPORT, INIT_REPORT, byte for byte as the managed service writes them.
JSON (LoggingConfig.LogFormat "JSON"): the platform events of the Telemetry API's schema, 2022-12-13.
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Literal, Protocol

Status = Literal["success", "error", "failure", "timeout"]

# Which system events a SystemLogLevel lets through: WARN keeps only what went wrong, DEBUG adds runtimeDone.
_LEVELS = {"DEBUG": 0, "INFO": 1, "WARN": 2}


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one finished invocation. Durations in milliseconds, memory in MB."""

    request_id: str
    duration_ms: float
    memory_size_mb: int
    max_memory_used_mb: int | None
    init_duration_ms: float | None = None
    status: Status = "success"
    error_type: str | None = None

    @property
    def billed_ms(self) -> int:
        """Rounded up to the next millisecond, INIT included (billed for all since August 2025)."""
        return ceil(self.duration_ms + (self.init_duration_ms or 0.0))


@dataclass(frozen=True, slots=True)
class InitReport:
    """The figures of an INIT that failed. `phase` is "init", or "invoke" for a suppressed one."""

    duration_ms: float
    phase: Literal["init", "invoke"]
    status: Literal["error", "timeout"]
    error_type: str | None = None


class Formatter(Protocol):
    """What writes system lines in one format. A method that returns None has nothing to say at its level."""

    def init_start(self, runtime_version: str, runtime_version_arn: str) -> str | None: ...
    def init_report(self, report: InitReport) -> str | None: ...
    def start(self, request_id: str, version: str) -> str | None: ...
    def end(self, request_id: str) -> str | None: ...
    def report(self, report: Report) -> str | None: ...
    def fault(self, request_id: str, text: str) -> str | None: ...


class TextFormatter:
    """`LogFormat: Text`."""

    def init_start(self, runtime_version: str, runtime_version_arn: str) -> str:
        return f"INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}"

    def init_report(self, report: InitReport) -> str:
        error = f"\tError Type: {report.error_type}" if report.error_type and report.status == "error" else ""
        return (
            f"INIT_REPORT Init Duration: {report.duration_ms:.2f} ms\tPhase: {report.phase}\t"
            f"Status: {report.status}{error}"
        )

    def start(self, request_id: str, version: str) -> str:
        return f"START RequestId: {request_id} Version: {version}"

    def end(self, request_id: str) -> str:
        return f"END RequestId: {request_id}"

    def report(self, report: Report) -> str:
        line = (
            f"REPORT RequestId: {report.request_id}\tDuration: {report.duration_ms:.2f} ms\t"
            f"Billed Duration: {report.billed_ms} ms\tMemory Size: {report.memory_size_mb} MB\t"
        )
        # Where the isolation level cannot measure memory, nothing is made up: the field is left out.
        if report.max_memory_used_mb is not None:
            line += f"Max Memory Used: {report.max_memory_used_mb} MB\t"
        if report.init_duration_ms is not None:
            line += f"Init Duration: {report.init_duration_ms:.2f} ms\t"
        if report.status != "success":
            # Text says "error" for what JSON calls "failure".
            line += f"Status: {'timeout' if report.status == 'timeout' else 'error'}"
            if report.error_type and report.status != "timeout":
                line += f"\tError Type: {report.error_type}"
        return line

    def fault(self, request_id: str, text: str) -> str:
        return f"{_now()} {request_id} {text}"


class JsonFormatter:
    """`LogFormat: JSON`, filtered by `SystemLogLevel`."""

    def __init__(self, function_name: str, version: str, system_log_level: str = "INFO") -> None:
        self._function_name = function_name
        self._version = version
        self._level = _LEVELS[system_log_level]

    def init_start(self, runtime_version: str, runtime_version_arn: str) -> str | None:
        return self._event(
            "INFO",
            "platform.initStart",
            {
                "initializationType": "on-demand",
                "phase": "init",
                "runtimeVersion": runtime_version,
                "runtimeVersionArn": runtime_version_arn,
                "functionName": self._function_name,
                "functionVersion": self._version,
            },
        )

    def init_report(self, report: InitReport) -> str | None:
        record: dict[str, object] = {
            "initializationType": "on-demand",
            "phase": report.phase,
            "status": report.status,
            "metrics": {"durationMs": round(report.duration_ms, 3)},
        }
        if report.error_type:
            record["errorType"] = report.error_type
        return self._event("WARN", "platform.initReport", record)

    def start(self, request_id: str, version: str) -> str | None:
        return self._event("INFO", "platform.start", {"requestId": request_id, "version": version})

    def end(self, request_id: str) -> None:
        """JSON logs have no END: platform.report closes an invocation."""

    def report(self, report: Report) -> str | None:
        metrics: dict[str, object] = {
            "durationMs": round(report.duration_ms, 3),
            "billedDurationMs": report.billed_ms,
            "memorySizeMB": report.memory_size_mb,
        }
        if report.max_memory_used_mb is not None:
            metrics["maxMemoryUsedMB"] = report.max_memory_used_mb
        if report.init_duration_ms is not None:
            metrics["initDurationMs"] = round(report.init_duration_ms, 3)
        record: dict[str, object] = {
            "requestId": report.request_id,
            "metrics": metrics,
            "status": report.status,
        }
        if report.error_type:
            record["errorType"] = report.error_type
        return self._event("INFO" if report.status == "success" else "WARN", "platform.report", record)

    def fault(self, request_id: str, text: str) -> None:
        """JSON logs carry a fault in platform.report's status and errorType, not in a line of its own."""

    def _event(self, level: str, kind: str, record: dict[str, object]) -> str | None:
        if _LEVELS[level] < self._level:
            return None
        return json.dumps({"time": _now(), "type": kind, "record": record}, separators=(",", ":"))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
