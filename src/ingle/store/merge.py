"""Put unpacked layers one over the other: what a function with several layers sees at /opt.

Files are hard links to those of the layers, so that a combination costs directory entries and nothing else.

https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html: layers come in their order, and a later
one's file takes the place of an earlier one's with the same name.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

# A file has as many names as it may have, or the layers lie on another device: then it is copied.
_NO_LINK = frozenset({errno.EMLINK, errno.EXDEV})


def merge(layers: Sequence[Path], target: Path) -> None:
    """Make the directory `target` of unpacked `layers`, later ones over earlier ones.

    A directory and a directory become one; in every other case the later one replaces the earlier, whatever
    the two are. Links are taken over and never followed. On an error `target` is left half-made. Raises
    OSError.
    """
    target.mkdir()
    target.chmod(0o755)
    for layer in layers:
        _overlay(layer, target)


def _overlay(source: Path, target: Path) -> None:
    pending = [(source, target)]  # not recursion: names may be nested deeper than Python's stack
    while pending:
        directory, place = pending.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                path = place / entry.name
                if entry.is_dir(follow_symlinks=False):
                    _open_directory(path)
                    pending.append((Path(entry.path), path))
                else:
                    _make_way(path)
                    _take(entry, path)


def _open_directory(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        _make_way(path)
        path.mkdir()
        path.chmod(0o755)


def _make_way(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _take(entry: os.DirEntry[str], path: Path) -> None:
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), path)
        return
    try:
        os.link(entry.path, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copy2(entry.path, path, follow_symlinks=False)
