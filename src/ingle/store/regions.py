"""In which regions an account has anything at all in a database."""

from __future__ import annotations

from ingle.store.database import Connection, Database


async def regions(database: Database, account: str) -> set[str]:
    """The regions of all rows of `account`, in every table that says whose its rows are."""

    def work(connection: Connection) -> set[str]:
        found: set[str] = set()
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
            if {"account", "region"} <= columns:
                query = f'SELECT DISTINCT region FROM "{table}" WHERE account = ?'
                found.update(row[0] for row in connection.execute(query, (account,)))
        return found

    return await database.read(work)
