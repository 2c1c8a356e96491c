"""The file that a zygote loads by its path: `preload()` once, then `main(channel_fd)` in each fork.

Executed instead, by `libraries.start_anew`, it does both.

It stands in the staged runtime directory as `ingle_runtime/program.py`. The zygote sees that directory at its
place on the host, a forked program sees it as `/var/runtime`; so modules are read from the first and given
the names, paths and tracebacks of the second.
"""

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from typing import List, Optional

SHOWN = "/var/runtime"
_HERE = os.path.dirname(os.path.abspath(__file__))
_STAGE = os.path.dirname(_HERE)
_PACKAGE = os.path.basename(_HERE)


class StagedLoader(importlib.machinery.SourceFileLoader):
    """Reads a module from the stage that believes it lies in `/var/runtime`."""

    def path_stats(self, path):  # type: ignore[no-untyped-def]
        return super().path_stats(_on_host(os.fspath(path)))

    def get_data(self, path):  # type: ignore[no-untyped-def]
        return super().get_data(_on_host(os.fspath(path)))

    def set_data(self, path, data, *, _mode=0o666):  # type: ignore[no-untyped-def]
        """Nothing is written: the stage is compiled when it is made, and read-only."""


class StagedFinder(importlib.abc.MetaPathFinder):
    """Finds modules of the staged runtime directory and nothing else."""

    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        place = os.path.join(_STAGE, *fullname.split("."))
        if os.path.isfile(os.path.join(place, "__init__.py")):
            return _source_spec(fullname, _as_shown(os.path.join(place, "__init__.py")), [_as_shown(place)])
        if os.path.isfile(place + ".py"):
            return _source_spec(fullname, _as_shown(place + ".py"), None)
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            if os.path.isfile(place + suffix):
                return importlib.util.spec_from_file_location(fullname, place + suffix)
        return None


def preload() -> None:
    """Import, in the zygote, what every forked program may share; nothing here starts a thread.

    Raises ImportError when the staged directory is not whole.
    """
    finder = StagedFinder()
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(_PACKAGE + ".preloading").load()
        importlib.import_module(_PACKAGE + ".serving")
    finally:
        sys.meta_path.remove(finder)
    for module in list(sys.modules.values()):  # extension modules were loaded by their true path
        if (getattr(module, "__file__", None) or "").startswith(_STAGE + os.sep):
            module.__file__ = _as_shown(module.__file__ or "")
    # This file was loaded by the zygote, by its true path, which would show in every traceback.
    main.__code__ = main.__code__.replace(co_filename=_as_shown(os.path.join(_HERE, "program.py")))
    gc.collect()
    gc.freeze()  # shared pages stay shared: the collector does not touch them again


def main(channel_fd: int) -> None:
    """Serve one execution environment over the connected stream socket `channel_fd`; never returns."""
    sys.modules[_PACKAGE + ".serving"].main(channel_fd)


def resume(channel_fd: int, init_fd: int) -> None:
    """As `main`, in a program that was executed and not forked; INIT is what `init_fd` holds."""
    preload()
    sys.modules[_PACKAGE + ".serving"].resume(channel_fd, init_fd)


def _source_spec(name: str, path: str, search: Optional[List[str]]) -> Optional[ModuleSpec]:
    loader = StagedLoader(name, path)
    return importlib.util.spec_from_file_location(
        name, path, loader=loader, submodule_search_locations=search
    )


def _as_shown(path: str) -> str:
    return SHOWN + path[len(_STAGE) :]


def _on_host(path: str) -> str:
    return _STAGE + path[len(SHOWN) :] if path.startswith(SHOWN + "/") else path


if __name__ == "__main__":
    resume(int(sys.argv[1]), int(sys.argv[2]))
