"""The database of logs: a file of its own, so that a flood of log events delays nothing else's commits.

Its commits do not wait for the disk (`synchronous = NORMAL`): what is committed survives `kill -9` of the
node, and a power cut may cost the last seconds. Room that is freed goes back to the file system.
"""

from __future__ import annotations

from pathlib import Path

from ingle.store.database import Database

SCHEMA = "logmigrations"
_PRAGMAS = ("auto_vacuum = INCREMENTAL", "synchronous = NORMAL", "journal_size_limit = 67108864")


async def open_logs(path: Path) -> Database:
    """Open the file, made and migrated where that is due. Raises ServiceError."""
    return await Database.open(path, SCHEMA, _PRAGMAS)
