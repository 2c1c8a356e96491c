"""The queries on queues and messages are known to the schema, and the frequent ones go down an index."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from ingle.store.migrate import migrate
from ingle.store.sql import queries

ALL = [(file, name) for file in ("queues", "messages") for name in queries(file)]
# Tasks that run are few: one for each dead-letter queue at most.
BOUNDED = {("queues", "list_active_tasks")}


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(("file", "name"), ALL)
def test_no_query_looks_at_every_row_or_sorts(connection: sqlite3.Connection, file: str, name: str) -> None:
    query = queries(file)[name]
    parameters = dict.fromkeys(re.findall(r":(\w+)", query), 1)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters)]
    if (file, name) in BOUNDED:
        return
    assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step], plan
    if name != "groups_since":  # which makes names distinct, of the last minutes' messages
        assert not [step for step in plan if "TEMP B-TREE" in step], plan
