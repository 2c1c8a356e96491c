"""One writer, group commit, faults that stay with their transaction, bounds and deadlines."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.model.errors import ServiceError
from ingle.store import database as module
from ingle.store.database import Connection, Database
from ingle.store.migrate import migrate
from ingle.store.sql import migrations, parse_queries, queries, statements


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "ingle.db")
    await opened.write(lambda c: c.execute("CREATE TABLE t (n INTEGER UNIQUE)") and None)
    yield opened
    await opened.close()


def insert(number: int) -> module.Work[None]:
    def work(connection: Connection) -> None:
        connection.execute("INSERT INTO t VALUES (?)", (number,))

    return work


def numbers(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


async def test_what_was_acknowledged_is_read(database: Database) -> None:
    await database.write(insert(1))
    assert await database.read(numbers) == [1]


async def test_everything_that_waits_is_committed_at_once(database: Database) -> None:
    commits: list[str] = []
    await database.write(lambda c: c.set_trace_callback(commits.append))
    commits.clear()
    held, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        held.set()
        assert go.wait(10)

    first = asyncio.ensure_future(database.write(hold))
    assert await asyncio.to_thread(held.wait, 10)
    others = [asyncio.ensure_future(database.write(insert(n))) for n in range(100)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(first, *others)
    assert commits.count("COMMIT") == 2  # the one that was held, and the hundred
    assert len(await database.read(numbers)) == 100


async def test_a_failure_undoes_its_own_transaction_only(database: Database) -> None:
    def half(connection: Connection) -> None:
        connection.execute("INSERT INTO t VALUES (7)")
        raise KeyError("mine")

    results = await asyncio.gather(
        database.write(insert(1)),
        database.write(half),
        database.write(insert(1)),
        database.write(insert(2)),
        return_exceptions=True,
    )
    assert [type(r) for r in results] == [type(None), KeyError, ServiceError, type(None)]
    assert await database.read(numbers) == [1, 2]


async def test_a_full_disk_is_a_service_error_and_goes_away_with_room(database: Database) -> None:
    def fill(connection: Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS big (b BLOB)")
        connection.executemany("INSERT INTO big VALUES (?)", [(bytes(4000),)] * 500)

    pages = await database.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 5}").fetchone())
    with pytest.raises(ServiceError, match="could not be written: database or disk is full"):
        await database.write(fill)
    await database.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    await database.write(fill)


async def test_a_full_queue_refuses(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database._queue.maxsize = 2
    held, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        held.set()
        assert go.wait(10)

    first = asyncio.ensure_future(database.write(hold))
    assert await asyncio.to_thread(held.wait, 10)
    others = [asyncio.ensure_future(database.write(insert(n))) for n in range(3)]
    await asyncio.sleep(0)
    go.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    assert [type(r) for r in results] == [type(None)] * 3 + [ServiceError]


async def test_a_caller_waits_no_longer_than_its_deadline(database: Database) -> None:
    go = threading.Event()

    def hold(connection: Connection) -> None:
        assert go.wait(10)

    with pytest.raises(ServiceError, match=r"did not answer within 0\.01 seconds"):
        await database.write(hold, deadline=0.01)
    go.set()
    await database.write(insert(1))


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(ServiceError, match="readonly"):
        await database.read(insert(1))


async def test_a_closed_database_says_so_and_closes_twice(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "ingle.db")
    await database.close()
    await database.close()
    with pytest.raises(ServiceError, match="closed"):
        await database.write(insert(1))
    with pytest.raises(ServiceError, match="closed"):
        await database.read(numbers)


async def test_what_is_no_database_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "ingle.db").write_bytes(b"something else entirely, and long enough" * 100)
    with pytest.raises(ServiceError, match="could not be opened"):
        await Database.open(tmp_path / "ingle.db")


def test_migrations_lead_to_the_schema_that_is_expected(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    assert migrate(connection) == migrations()[-1][0]
    found = {
        (kind, name, table)
        for kind, name, table in connection.execute("SELECT type, name, tbl_name FROM sqlite_schema")
    }
    assert found >= {  # and what further resources have
        ("table", "function", "function"),
        ("table", "function_version", "function_version"),
        ("table", "version_counter", "version_counter"),
        ("index", "function_version_code", "function_version"),
        ("index", "function_version_usage", "function_version"),
        ("index", "function_version_unsettled", "function_version"),
    }
    columns = [row[1] for row in connection.execute("PRAGMA table_info(function_version)")]
    assert columns == [
        "account",
        "region",
        "name",
        "number",
        "revision_id",
        "code_sha256",
        "code_size",
        "state",
        "last_update_status",
        "configuration",
        "origin",
    ]
    assert migrate(connection) == migrations()[-1][0]
    connection.close()


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    newest = migrate(connection)
    connection.execute(f"PRAGMA user_version = {newest + 1}")
    with pytest.raises(ServiceError, match=f"schema {newest + 1} .* up to {newest}: .* newer Ingle"):
        migrate(connection)
    connection.close()


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    script = "CREATE TABLE a (n INTEGER); CREATE TABLE a (n INTEGER);"
    monkeypatch.setattr("ingle.store.migrate.migrations", lambda schema: [(1, script)])
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()


def test_a_database_of_a_newer_ingle_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(ServiceError, match="written by a newer Ingle"):
        migrate(connection)
    connection.close()


def test_every_named_query_is_sql_that_the_schema_knows(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrate(connection)
    for query in queries("functions").values():
        connection.execute(f"EXPLAIN {query}", dict.fromkeys(_parameters(query)))
    connection.close()


def _parameters(query: str) -> set[str]:
    return {
        word.strip(",;()").lstrip(":") for word in query.replace("(", " ").split() if word.startswith(":")
    }


def test_what_invocations_and_the_lifecycle_ask_is_answered_by_an_index(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrate(connection)
    sql = queries("functions")
    for name in (
        "get_version",
        "list_unsettled",
        "usage",
        "usage_of_layers",
        "list_latest",
        "list_all_versions",
    ):
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN {sql[name]}", dict.fromkeys(_parameters(sql[name]), 1)
        ).fetchall()
        assert all("USING" in row[3] for row in plan), (name, plan)
        assert not any("TEMP B-TREE" in row[3] for row in plan), (name, plan)
    connection.close()


def test_queries_are_named_once() -> None:
    text = "-- name: a\nSELECT 1\n\n-- name: b\nSELECT 2\n"
    assert parse_queries(text) == {"a": "SELECT 1", "b": "SELECT 2"}
    with pytest.raises(ValueError, match="twice"):
        parse_queries(text + text)
    assert statements("-- c;\nA (1); -- d\nB;") == ["A (1)", "B"]
