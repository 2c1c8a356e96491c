"""The embedded database: SQLite in WAL mode, one writer with group commit, readers apart from it.

A commit costs an fsync, and an fsync takes the same time for one transaction as for a hundred. So whatever
is waiting when the writer comes round is committed together, each piece of work inside a savepoint of its
own, and a caller is told only after the commit: what was acknowledged survives `kill -9` and a power cut.

This is the port for another database as well: repositories get a connection inside `write` and `read` and
know nothing of threads, commits and files.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ingle.model.errors import ServiceError
from ingle.store.migrate import migrate

T = TypeVar("T")
Connection = sqlite3.Connection
Work = Callable[[Connection], T]
Pragmas = tuple[str, ...]

QUEUE_BOUND = 4096  # transactions waiting for the writer; beyond that the caller is refused
GROUP_BOUND = 512  # transactions of one commit, so that the first of them does not wait for ever
DEADLINE_SECONDS = 30.0
READERS = 2


@dataclass(eq=False)
class _Pending(Generic[T]):
    """One transaction on its way through the writer thread."""

    work: Work[T]
    future: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell the caller, on the event loop; one who stopped waiting is told nothing."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type] # None is a T where work returns it


class Database:
    """One SQLite file. Made by `open`, ended by `close`; the event loop is the one that calls `open`."""

    def __init__(
        self, path: Path, loop: asyncio.AbstractEventLoop, schema: str = "migrations", pragmas: Pragmas = ()
    ) -> None:
        self._path = path
        self._loop = loop
        self._queue: queue.Queue[_Pending[Any] | None] = queue.Queue(QUEUE_BOUND)
        self._closed = False
        self._writer = threading.Thread(target=self._write_for_ever, name="store-writer", daemon=True)
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._pragmas = pragmas
        self._connection = _connect(path, pragmas)
        migrate(self._connection, schema)

    @classmethod
    async def open(cls, path: Path, schema: str = "migrations", pragmas: Pragmas = ()) -> Database:
        """Open the file, create and migrate it where that is due, and start the writer.

        `schema` is the folder of its migrations; `pragmas` are set on every connection before ours, of which
        only `synchronous` gives way to them.

        Raises ServiceError where it is no database, is newer than this Ingle, or cannot be written.
        """
        loop = asyncio.get_running_loop()
        try:
            database = await loop.run_in_executor(None, cls, path, loop, schema, pragmas)
        except (sqlite3.Error, OSError) as error:
            raise ServiceError(f"The database {path} could not be opened: {error}") from error
        database._writer.start()
        return database

    async def write(self, work: Work[T], deadline: float = DEADLINE_SECONDS) -> T:
        """Run `work` in a transaction on the writer thread; returns its result after the commit.

        What `work` raises undoes its own changes and is raised here. Raises ServiceError when the queue is
        full, when the disk is, and after `deadline` seconds (then the change may still be made: it is not
        known, as with any lost answer).
        """
        if self._closed:
            raise ServiceError("The database is closed.")
        pending = _Pending(work, self._loop.create_future())
        try:
            self._queue.put_nowait(pending)
        except queue.Full:
            raise ServiceError("The database has too many changes waiting.") from None
        return await _within(deadline, pending.future)

    async def read(self, work: Work[T], deadline: float = DEADLINE_SECONDS) -> T:
        """Run `work` on a reader's connection, which sees everything acknowledged so far and cannot write.

        Raises ServiceError for a database error and after `deadline` seconds.
        """
        if self._closed:
            raise ServiceError("The database is closed.")
        return await _within(deadline, self._loop.run_in_executor(self._readers, self._read, work))

    async def maintain(self, script: str, deadline: float = DEADLINE_SECONDS) -> None:
        """Run statements that do not go in a transaction with others, on a connection of their own; the
        writer waits while they write. Raises ServiceError."""
        if self._closed:
            raise ServiceError("The database is closed.")
        await _within(deadline, self._loop.run_in_executor(self._readers, self._maintain, script))

    async def close(self) -> None:
        """Commit what is waiting, end the threads, close the file. Twice is no error."""
        if self._closed:
            return
        self._closed = True
        await self._loop.run_in_executor(None, self._queue.put, None)
        await self._loop.run_in_executor(None, self._writer.join)
        await self._loop.run_in_executor(None, self._readers.shutdown)
        for connection in [*self._connections, self._connection]:
            connection.close()

    def _read(self, work: Work[T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._path, self._pragmas, read_only=True)
            self._connections.append(connection)
        try:
            return work(connection)
        except sqlite3.Error as error:
            raise ServiceError(f"The database could not be read: {error}") from error

    def _maintain(self, script: str) -> None:
        connection = _connect(self._path, self._pragmas)
        try:
            connection.executescript(script)
        except sqlite3.Error as error:
            raise ServiceError(f"The database could not be maintained: {error}") from error
        finally:
            connection.close()

    def _write_for_ever(self) -> None:
        ended = False
        while not ended:
            group, ended = self._next_group()
            if group:
                self._commit(group)
                self._loop.call_soon_threadsafe(_settle, group)

    def _next_group(self) -> tuple[list[_Pending[Any]], bool]:
        """Wait for one transaction and take along all that wait with it; and whether this was the last."""
        first = self._queue.get()
        group: list[_Pending[Any]] = []
        while first is not None:
            group.append(first)
            if len(group) == GROUP_BOUND:
                return group, False
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Pending[Any]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for pending in group:
                _run(self._connection, pending)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Nothing of the group was committed, so every one of them failed, also those that had worked.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for pending in group:
                pending.error = ServiceError(f"The database could not be written: {error}")
                pending.error.__cause__ = error


def _run(connection: Connection, pending: _Pending[Any]) -> None:
    """One transaction of a group: its failure is its own, unless the database itself gave up."""
    connection.execute("SAVEPOINT work")
    try:
        pending.result = pending.work(connection)
    except BaseException as error:
        if not connection.in_transaction:  # SQLite has undone everything, as it does when the disk is full
            raise
        pending.error = _as_service_error(error)
        connection.execute("ROLLBACK TO work")
    connection.execute("RELEASE work")


def _as_service_error(error: BaseException) -> BaseException:
    if not isinstance(error, sqlite3.Error):
        return error
    translated = ServiceError(f"The database could not be written: {error}")
    translated.__cause__ = error
    return translated


def _settle(group: list[_Pending[Any]]) -> None:
    for pending in group:
        pending.settle()


async def _within(deadline: float, future: asyncio.Future[T]) -> T:
    # Not wait_for: up to Python 3.11 it swallows a cancellation that comes when the answer is already there,
    # and a task that was told to end would go on for ever.
    try:
        async with asyncio.timeout(deadline):
            return await future
    except TimeoutError:
        raise ServiceError(f"The database did not answer within {deadline:g} seconds.") from None


def _connect(path: Path, pragmas: Pragmas, *, read_only: bool = False) -> Connection:
    # Transactions are ours (isolation_level=None); each connection stays with one thread but is opened and
    # closed by another, which is what check_same_thread would refuse.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA synchronous = FULL")  # NORMAL would lose acknowledged commits in a power cut
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA journal_mode = WAL")  # last: it makes the file, whose form is settled then
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection
