"""The node lets go of root: what faces the network has no privileges.

Its own files, or the data directory, may lie where only root can look (a home directory of mode 700); then
it keeps the one capability to read them, and says so.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

import ingle

_PR_SET_KEEPCAPS = 8
_PR_SET_DUMPABLE = 4
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def own_files() -> tuple[Path, ...]:
    """What this process must still be able to read when it is no longer root."""
    return (Path(ingle.__file__).parent, Path(sys.prefix), Path(sys.base_prefix))


def readable_by_others(paths: Iterable[Path]) -> bool:
    """Whether any user may reach and read `paths`."""
    for path in paths:
        resolved = path.resolve()
        if not resolved.stat().st_mode & 0o004:
            return False
        if not reachable_by_others(resolved):
            return False
    return True


def reachable_by_others(path: Path) -> bool:
    """Whether any user may go as far as `path`, which need not exist yet."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents if parent.exists())


def hand_over(directory: Path, user: int) -> None:
    """Give the data directory, and all in it that is still root's, to `user`. Called as root."""
    directory.mkdir(parents=True, exist_ok=True)
    if directory.stat().st_uid == user:
        return
    os.chown(directory, user, user)
    for parent, folders, files in os.walk(directory):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), user, user, follow_symlinks=False)


def drop(user: int, directory: Path) -> bool:
    """Become `user`, for good, and still reach the data directory. Returns whether the capability to read
    all files was kept.

    Raises OSError where the kernel refuses.
    """
    keep = not (readable_by_others(own_files()) and reachable_by_others(directory))
    if keep:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if keep:
        # Ambient, so that an interpreter below the same home directory can be started to compile files.
        _set_capabilities(1 << _CAP_DAC_READ_SEARCH)
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH)
    _prctl(_PR_SET_DUMPABLE, 0)
    return keep


def _set_capabilities(bits: int) -> None:
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    low, high = bits & 0xFFFFFFFF, bits >> 32
    data = struct.pack("=6I", low, low, low, high, high, high)
    if _libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)][:4]
    if _libc.prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
