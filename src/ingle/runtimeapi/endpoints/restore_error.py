"""POST /2018-06-01/runtime/restore/error: a hook after the restore failed (SnapStart); see `restore_next`."""

from __future__ import annotations

from ingle.runtimeapi.endpoints import restore_next

begin = restore_next.begin
