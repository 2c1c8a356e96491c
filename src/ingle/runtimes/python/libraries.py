"""Shared libraries that a function or its layers bring along (/opt/lib, /var/task/lib, /var/task).

The system's loader reads LD_LIBRARY_PATH when a program starts and never again, and a forked program does
not start. So a function that brings libraries gets an interpreter of its own: it costs what Lambda's own init
costs, and only where it is wanted. It happens when this process is confined and has nothing left to lose:
were the path set in the zygote, libraries of strangers would be looked for by a process with privileges.
"""

import os
import re
import sys
from typing import Dict, List, NoReturn

# Of Lambda's LD_LIBRARY_PATH, what the function has no say in: the loader finds these libraries anyway.
_LAMBDA_OWN = frozenset({"/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib"})
_LIBRARY = re.compile(r"lib.+\.so(\.[0-9.]+)?")


def brought(environ: Dict[str, str]) -> bool:
    """Whether a directory of the function's LD_LIBRARY_PATH holds a library that a program may ask for by its
    name. Extension modules of Python are none: they are found by `sys.path`."""
    places = environ.get("LD_LIBRARY_PATH", "").split(":")
    return any(_has_library(place) for place in places if place and place not in _LAMBDA_OWN)


def start_anew(channel_fd: int, init: bytes, environ: Dict[str, str]) -> NoReturn:
    """Become a new interpreter that goes on with the channel where this one stands, after its INIT frame.

    Raises OSError where none could be started; then this one is as it was.
    """
    program = os.path.join(environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime"), "ingle_runtime", "program.py")
    init_fd = os.memfd_create("init", 0)  # inherited, as the channel is from here on
    try:
        os.write(init_fd, init)
        os.lseek(init_fd, 0, os.SEEK_SET)
        os.set_inheritable(channel_fd, True)
        argv: List[str] = [sys.executable, "-I", "-S", "-B", program, str(channel_fd), str(init_fd)]
        os.execve(sys.executable, argv, {"LD_LIBRARY_PATH": environ["LD_LIBRARY_PATH"]})
    finally:
        os.set_inheritable(channel_fd, False)
        os.close(init_fd)


def _has_library(place: str) -> bool:
    try:
        return any(_LIBRARY.fullmatch(name) for name in os.listdir(place))
    except OSError:  # not there, as most are, or not a directory
        return False
