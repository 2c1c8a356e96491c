"""What resolves qualifiers and counts concurrency is answered by indexes, with however many functions."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingle.store.migrate import migrate
from ingle.store.sql import queries

SCANS_ON_PURPOSE = {("concurrency", "all_reserved")}  # at a start, those that have some


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    opened.execute("PRAGMA foreign_keys = ON")
    migrate(opened)
    yield opened
    opened.close()


def cases() -> list[tuple[str, str]]:
    names = ("get_version_of_alias", "aliases_of_version", "list_versions")
    qualified = [("functions", name) for name in names]
    own = [(file, name) for file in ("aliases", "concurrency") for name in queries(file)]
    return qualified + own


@pytest.mark.parametrize(("file", "name"), cases())
def test_no_query_reads_a_whole_table(connection: sqlite3.Connection, file: str, name: str) -> None:
    sql = queries(file)[name]
    parameters = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    looks = [step for step in plan if re.match(r"(SEARCH|SCAN) \w", step)]  # of a table, not a subquery
    assert all("USING" in step for step in looks), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
    if (file, name) not in SCANS_ON_PURPOSE:
        assert not any(step.startswith("SCAN") and "INDEX" not in step for step in looks), plan


def test_what_an_account_reserved_is_summed_over_those_who_reserved(connection: sqlite3.Connection) -> None:
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN {queries('concurrency')['taken']}", {"account": "a", "region": "r"}
    )
    assert any("function_reserved" in row[3] for row in plan)
