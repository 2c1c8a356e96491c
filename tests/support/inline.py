"""The store without its threads: work is done at once, on the loop, each piece in a transaction of its own.

For tests whose time is moved by hand, which a thread's would be too slow for.
"""

from __future__ import annotations

import sqlite3
from typing import TypeVar

from ingle.store.database import Connection, Work
from ingle.store.migrate import migrate

T = TypeVar("T")


class InlineDatabase:
    """As `ingle.store.Database`, in memory."""

    def __init__(self) -> None:
        self.connection: Connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")
        migrate(self.connection)

    async def write(self, work: Work[T], deadline: float = 30.0) -> T:
        self.connection.execute("BEGIN")
        try:
            result = work(self.connection)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    async def read(self, work: Work[T], deadline: float = 30.0) -> T:
        return work(self.connection)
