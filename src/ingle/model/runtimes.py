"""Lambda's managed runtimes: identifier, family, and the days on which AWS closes each one.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html (as of September 2026)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ingle.model.errors import InvalidParameterValue

Family = Literal["python", "nodejs", "java", "dotnet", "ruby", "go", "provided"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime.

    deprecated: the first day without security patches. create_blocked, update_blocked: the first day on
    which functions can no longer be created, or updated. None: AWS has set no date.
    """

    identifier: str
    family: Family
    deprecated: date | None
    create_blocked: date | None
    update_blocked: date | None


# fmt: off
_TABLE: tuple[tuple[str, Family, str | None, str | None, str | None], ...] = (
    # identifier          family      deprecated    create blocked  update blocked
    ("python3.15",       "python",    None,         None,           None),
    ("python3.14",       "python",    "2029-06-30", "2029-07-31",   "2029-08-31"),
    ("python3.13",       "python",    "2029-06-30", "2029-07-31",   "2029-08-31"),
    ("python3.12",       "python",    "2028-10-31", "2028-11-30",   "2029-01-10"),
    ("python3.11",       "python",    "2027-06-30", "2027-07-31",   "2027-08-31"),
    ("python3.10",       "python",    "2026-10-31", "2027-02-01",   "2027-03-03"),
    ("python3.9",        "python",    "2025-12-15", "2027-02-01",   "2027-03-03"),
    ("python3.8",        "python",    "2024-10-14", "2027-02-01",   "2027-03-03"),
    ("python3.7",        "python",    "2023-12-04", "2024-01-09",   "2027-03-03"),
    ("python3.6",        "python",    "2022-07-18", "2022-07-18",   "2022-08-29"),
    ("python2.7",        "python",    "2021-07-15", "2021-07-15",   "2022-05-30"),
    ("nodejs26.x",       "nodejs",    None,         None,           None),
    ("nodejs24.x",       "nodejs",    "2028-04-30", "2028-06-01",   "2028-07-01"),
    ("nodejs22.x",       "nodejs",    "2027-04-30", "2027-06-01",   "2027-07-01"),
    ("nodejs20.x",       "nodejs",    "2026-04-30", "2027-02-01",   "2027-03-03"),
    ("nodejs18.x",       "nodejs",    "2025-09-01", "2027-02-01",   "2027-03-03"),
    ("nodejs16.x",       "nodejs",    "2024-06-12", "2027-02-01",   "2027-03-03"),
    ("nodejs14.x",       "nodejs",    "2023-12-04", "2024-01-09",   "2027-03-03"),
    ("nodejs12.x",       "nodejs",    "2023-03-31", "2023-03-31",   "2023-04-30"),
    ("nodejs10.x",       "nodejs",    "2021-07-30", "2021-07-30",   "2022-02-14"),
    ("nodejs8.10",       "nodejs",    "2020-03-06", "2020-02-04",   "2020-03-06"),
    ("nodejs6.10",       "nodejs",    "2019-08-12", "2019-07-12",   "2019-08-12"),
    ("nodejs4.3",        "nodejs",    "2020-03-05", "2020-02-03",   "2020-03-05"),
    ("nodejs4.3-edge",   "nodejs",    "2020-03-05", "2019-03-31",   "2019-04-30"),
    ("nodejs",           "nodejs",    "2016-08-30", "2016-09-30",   "2016-10-31"),
    ("java25",           "java",      "2029-06-30", "2029-07-31",   "2029-08-31"),
    ("java21",           "java",      "2029-06-30", "2029-07-31",   "2029-08-31"),
    ("java17.al2023",    "java",      None,         None,           None),
    ("java17",           "java",      "2027-06-30", "2027-07-31",   "2027-08-31"),
    ("java11.al2023",    "java",      None,         None,           None),
    ("java11",           "java",      "2027-06-30", "2027-07-31",   "2027-08-31"),
    ("java8.al2023",     "java",      None,         None,           None),
    ("java8.al2",        "java",      "2027-06-30", "2027-07-31",   "2027-08-31"),
    ("java8",            "java",      "2024-01-08", "2024-02-08",   "2027-03-03"),
    ("dotnet10",         "dotnet",    "2028-11-14", "2028-12-14",   "2029-01-15"),
    ("dotnet8",          "dotnet",    "2026-11-10", "2027-02-01",   "2027-03-03"),
    ("dotnet6",          "dotnet",    "2024-12-20", "2027-02-01",   "2027-03-03"),
    ("dotnetcore3.1",    "dotnet",    "2023-04-03", "2023-04-03",   "2023-05-03"),
    ("dotnetcore2.1",    "dotnet",    "2022-01-05", "2022-01-05",   "2022-04-13"),
    ("dotnetcore2.0",    "dotnet",    "2019-05-30", "2019-04-30",   "2019-05-30"),
    ("dotnetcore1.0",    "dotnet",    "2019-06-27", "2019-06-30",   "2019-07-30"),
    ("ruby4.0",          "ruby",      "2029-03-31", "2029-04-30",   "2029-05-31"),
    ("ruby3.4",          "ruby",      "2028-03-31", "2028-04-30",   "2028-05-31"),
    ("ruby3.3",          "ruby",      "2027-03-31", "2027-04-30",   "2027-05-31"),
    ("ruby3.2",          "ruby",      "2026-03-31", "2027-02-01",   "2027-03-03"),
    ("ruby2.7",          "ruby",      "2023-12-07", "2024-01-09",   "2027-03-03"),
    ("ruby2.5",          "ruby",      "2021-07-30", "2021-07-30",   "2022-03-31"),
    ("go1.x",            "go",        "2024-01-08", "2024-02-08",   "2027-03-03"),
    ("provided.al2023",  "provided",  "2029-06-30", "2029-07-31",   "2029-08-31"),
    ("provided.al2",     "provided",  "2026-07-31", "2027-02-01",   "2027-03-03"),
    ("provided",         "provided",  "2024-01-08", "2024-02-08",   "2027-03-03"),
)
# fmt: on


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


RUNTIMES: dict[str, Runtime] = {
    identifier: Runtime(identifier, family, _day(deprecated), _day(create), _day(update))
    for identifier, family, deprecated, create, update in _TABLE
}


def require_runtime(identifier: str, today: date, *, existing: bool) -> Runtime:
    """The runtime that a caller asks for, today.

    `existing`: for a function that is there already, whose update AWS blocks later than a creation.
    Raises InvalidParameterValue with AWS's text for an unknown runtime and for a closed one.
    """
    runtime = RUNTIMES.get(identifier)
    if runtime is None:
        offered = ", ".join(r.identifier for r in RUNTIMES.values() if not _closed(r.create_blocked, today))
        raise InvalidParameterValue(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
            f"set: [{offered}] or be a valid ARN"
        )
    if _closed(runtime.update_blocked if existing else runtime.create_blocked, today):
        raise InvalidParameterValue(
            f"The runtime parameter of {identifier} is no longer supported for creating or updating AWS "
            "Lambda functions. We recommend you use a supported runtime while creating or updating functions."
        )
    return runtime


def runtime_version(identifier: str) -> str:
    """The name of the one version of a runtime that there is here, as in a RuntimeVersionArn: 64 hex digits.

    AWS names each patch release of a runtime so; here a runtime is what is installed on the machine.
    """
    return hashlib.sha256(identifier.encode()).hexdigest()


def _closed(first_day: date | None, today: date) -> bool:
    return first_day is not None and today >= first_day
