"""Lambda's own log lines, byte for byte."""

from __future__ import annotations

import json

import pytest

from ingle.telemetry.billing import bill
from ingle.telemetry.lines import InitReport, JsonFormatter, Report, TextFormatter

TEXT = TextFormatter()


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            Report("r", 1.234, 128, 36),
            "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\t",
        ),
        (
            Report("r", 1.0, 128, 36, init_duration_ms=99.5),
            "REPORT RequestId: r\tDuration: 1.00 ms\tBilled Duration: 101 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 36 MB\tInit Duration: 99.50 ms\t",
        ),
        (
            Report("r", 3000.0, 128, None, status="timeout", error_type="ignored"),
            "REPORT RequestId: r\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
            "Status: timeout",
        ),
        (
            Report("r", 5.5, 1024, 70, status="failure", error_type="Runtime.ExitError"),
            "REPORT RequestId: r\tDuration: 5.50 ms\tBilled Duration: 6 ms\tMemory Size: 1024 MB\t"
            "Max Memory Used: 70 MB\tStatus: error\tError Type: Runtime.ExitError",
        ),
    ],
)
def test_report(report: Report, line: str) -> None:
    assert TEXT.report(report) == line


def test_the_other_text_lines() -> None:
    assert TEXT.init_start("python:3.12.v7", "arn:x") == (
        "INIT_START Runtime Version: python:3.12.v7\tRuntime Version ARN: arn:x"
    )
    assert TEXT.start("r", "3") == "START RequestId: r Version: 3"
    assert TEXT.end("r") == "END RequestId: r"
    assert TEXT.init_report(InitReport(9999.481, "init", "timeout")) == (
        "INIT_REPORT Init Duration: 9999.48 ms\tPhase: init\tStatus: timeout"
    )
    assert TEXT.init_report(InitReport(1, "invoke", "error", "Runtime.ExitError")) == (
        "INIT_REPORT Init Duration: 1.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError"
    )


def test_json_report_has_the_telemetry_apis_schema() -> None:
    line = JsonFormatter("f", "$LATEST").report(Report("r", 1.23456, 128, 36, 9.87654, "timeout"))
    assert line is not None
    event = json.loads(line)
    assert event["type"] == "platform.report"
    assert event["record"] == {
        "requestId": "r",
        "metrics": {
            "durationMs": 1.235,
            "billedDurationMs": 12,
            "memorySizeMB": 128,
            "maxMemoryUsedMB": 36,
            "initDurationMs": 9.877,
        },
        "status": "timeout",
    }


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", {"start", "success", "failure", "init"}),
        ("INFO", {"start", "success", "failure", "init"}),
        ("WARN", {"failure", "init"}),
    ],
)
def test_the_system_log_level_lets_through_what_it_says(level: str, written: set[str]) -> None:
    formatter = JsonFormatter("f", "1", level)
    lines = {
        "start": formatter.start("r", "1"),
        "success": formatter.report(Report("r", 1, 128, 1)),
        "failure": formatter.report(Report("r", 1, 128, 1, status="failure")),
        "init": formatter.init_report(InitReport(1, "init", "error")),
    }
    assert {name for name, line in lines.items() if line is not None} == written


def test_a_gigabyte_second_costs_what_aws_lists() -> None:
    assert bill(1_000, 1_024).compute == pytest.approx(0.0000166667)
    assert bill(1_000, 1_024, architecture="arm64").compute == pytest.approx(0.0000133334)
    assert bill(1_000, 128).storage == 0
    assert bill(1_000, 128, tmp_mb=1_536).storage == pytest.approx(0.0000000309)
    assert bill(0, 128).total == pytest.approx(0.20 / 1_000_000)
    with pytest.raises(KeyError):
        bill(1, 128, architecture="sparc")
