"""A shared library that any program on this machine can load, to be brought along under another name."""

from __future__ import annotations

from pathlib import Path


def some_library() -> Path:
    """The mathematical library, which lies beside the C library of this very process."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        _, _, path = line.partition("/")
        if path.rpartition("/")[2].startswith("libc.so"):
            return Path("/" + path).with_name("libm.so.6").resolve(strict=True)
    raise AssertionError("this interpreter has no C library of its own to ask")
