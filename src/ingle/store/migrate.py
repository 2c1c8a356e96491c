"""Bring a database's schema up to this version of Ingle, one numbered migration a transaction."""

from __future__ import annotations

import sqlite3

from ingle.model.errors import ServiceError
from ingle.store.sql import migrations, statements


def migrate(connection: sqlite3.Connection, schema: str = "migrations") -> int:
    """Apply the migrations of `schema` that are missing and return the schema's number.

    Interrupted at any moment, the next start goes on where this one ended: number and tables are committed
    together. Raises ServiceError where the database is newer than this Ingle.
    """
    current: int = connection.execute("PRAGMA user_version").fetchone()[0]
    known = migrations(schema)
    newest = known[-1][0]
    if current > newest:
        raise ServiceError(
            f"This database has schema {current} and this version of Ingle knows schemas up to {newest}: "
            "it was written by a newer Ingle."
        )
    for number, script in known:
        if number > current:
            _apply(connection, number, script)
    return newest


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
