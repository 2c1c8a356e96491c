"""Repositories, SQL and migrations; the sole home of database drivers.

Database            one SQLite file: `write` with group commit, `read` beside it
Functions           functions and their versions
CodeStore           deployment packages by content, zipped and unpacked
FunctionDirectory   names and qualifiers resolved from memory, for the path of an invocation
"""

from ingle.store.code import CodeStore
from ingle.store.database import Database
from ingle.store.directory import FunctionDirectory
from ingle.store.functions import Functions

__all__ = ["CodeStore", "Database", "FunctionDirectory", "Functions"]
