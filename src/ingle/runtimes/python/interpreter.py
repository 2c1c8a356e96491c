"""A fork made to look like an interpreter freshly started: variables, paths, streams, entropy."""

import io
import os
import site
import sys
import sysconfig
import time
import types
import uuid
from typing import Dict, List

TASK_ROOT = "/var/task"
RUNTIME_DIR = "/var/runtime"
LAYERS = "/opt"
# Where layers really lie, from drivers that cannot mount; no variable of a function can have this name.
_LAYERS_AT = "_INGLE_LAYERS"


def settle(environ: Dict[str, str]) -> None:
    """Apply the complete environment to this process; whatever the zygote had is gone."""
    _replace_environ({name: value for name, value in environ.items() if name != _LAYERS_AT})
    task_root = environ.get("LAMBDA_TASK_ROOT", TASK_ROOT)
    runtime_dir = environ.get("LAMBDA_RUNTIME_DIR", RUNTIME_DIR)
    os.chdir(task_root)
    _open_streams()
    _show_runtime_at(runtime_dir)
    sys.argv = [os.path.join(runtime_dir, "bootstrap.py")]
    sys.modules["__main__"] = types.ModuleType("__main__")  # not the zygote, whose business it is not
    _set_path(task_root, runtime_dir, environ.get(_LAYERS_AT, LAYERS))
    _renew_entropy()


def _replace_environ(environ: Dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    sys.dont_write_bytecode = bool(environ.get("PYTHONDONTWRITEBYTECODE"))  # not the zygote's own setting
    time.tzset()


def _open_streams() -> None:
    """New objects for the descriptors 0 to 2: the zygote's had its locale's encoding, Lambda's is UTF-8."""
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _writer(1, "strict")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _writer(2, "backslashreplace")  # type: ignore[misc]


def _writer(fd: int, errors: str) -> io.TextIOWrapper:
    binary = io.BufferedWriter(io.FileIO(fd, "w", closefd=False))
    binary.raw.name = "<stdout>" if fd == 1 else "<stderr>"
    return io.TextIOWrapper(binary, "utf-8", errors)


def _show_runtime_at(runtime_dir: str) -> None:
    """Where the sandbox has no mounts of its own, the runtime's packages lie at another place."""
    if runtime_dir == RUNTIME_DIR:
        return
    for module in list(sys.modules.values()):
        for name in ("__path__", "__file__"):
            value = getattr(module, name, None)
            if isinstance(value, list):
                setattr(module, name, [_moved(path, runtime_dir) for path in value])
            elif isinstance(value, str):
                setattr(module, name, _moved(value, runtime_dir))


def _moved(path: str, runtime_dir: str) -> str:
    return runtime_dir + path[len(RUNTIME_DIR) :] if path.startswith(RUNTIME_DIR + "/") else path


def _set_path(task_root: str, runtime_dir: str, layers_dir: str) -> None:
    """`sys.path` as Lambda's managed runtime has it, `.pth` files of the function and its layers included.

    A PYTHONPATH of the function's own comes in place of the layers' directories, as in Lambda.
    """
    packages = "python/lib/python{}.{}/site-packages".format(*sys.version_info[:2])
    layers = [os.path.join(layers_dir, packages), os.path.join(layers_dir, "python")]
    own = os.environ.get("PYTHONPATH", runtime_dir)
    if own != runtime_dir:
        sys.path[:] = [task_root, runtime_dir, *filter(None, own.split(":")), *_STANDARD_LIBRARY]
        layers = []
    else:
        sys.path[:] = [task_root, *layers, runtime_dir, *_STANDARD_LIBRARY]
    os.environ["PYTHONPATH"] = own
    known = {
        path for path in (task_root, *layers) if os.path.isdir(path)
    }  # others are listed twice in Lambda too
    for directory in (task_root, *layers):
        site.addsitedir(directory, known)


def _find_standard_library() -> List[str]:
    """The interpreter's own entries of `sys.path`, without anyone's site-packages."""
    library = sysconfig.get_path("stdlib")
    version = "{}{}".format(*sys.version_info[:2])
    own = (library, os.path.join(library, "lib-dynload"))
    return [path for path in sys.path if path in own or path.endswith("python" + version + ".zip")]


_STANDARD_LIBRARY = _find_standard_library()  # in the zygote: sysconfig takes its time


def _renew_entropy() -> None:
    """What a fork would share with its siblings. `random` reseeds itself after a fork; the rest does not."""
    uuid._node = None  # type: ignore[attr-defined]
    uuid._last_timestamp = None  # type: ignore[attr-defined]
    ssl = sys.modules.get("ssl")  # some interpreters are built without
    if ssl is not None and ssl.OPENSSL_VERSION_INFO < (1, 1, 1):  # newer ones notice a fork
        ssl.RAND_add(os.urandom(32), 0.0)
