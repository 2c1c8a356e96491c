"""What the zygote imports ahead, so that no forked program has to.

Only the standard library and AWS's runtime client. Not boto3, nor anything else of which a function may bring
its own version: what is in `sys.modules` before the function's code runs is what the function gets.
"""

import builtins
import importlib
import os
import site
import sys

# What awslambdaric and typical functions (and boto3 below them) import from the standard library. asyncio and
# the like are left out: they cost memory in every environment and most functions never use them.
STANDARD = (
    "base64",
    "collections.abc",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "email.message",
    "email.parser",
    "enum",
    "functools",
    "gzip",
    "hashlib",
    "hmac",
    "html",
    "http.client",
    "inspect",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "pathlib",
    "pickle",
    "platform",
    "pkgutil",
    "queue",
    "random",
    "re",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "string",
    "struct",
    "subprocess",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "traceback",
    "typing",
    "urllib.parse",
    "urllib.request",
    "uuid",
    "warnings",
    "weakref",
    "zipfile",
)
RUNTIME = (
    "awslambdaric.bootstrap",
    "awslambdaric.lambda_literals",
    "awslambdaric.lambda_runtime_log_utils",
    "awslambdaric.lambda_runtime_marshaller",
)
# AWS's bootstrap and marshaller read these when they are imported; the zygote's own must not leak into them.
READ_AT_IMPORT = ("AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "AWS_EXECUTION_ENV")


def load() -> None:
    """Import all of it. A standard module that this interpreter was built without (ssl, ...) is passed over:
    the function that needs it gets the ImportError. Raises ImportError if AWS's runtime is missing."""
    for name in READ_AT_IMPORT:
        os.environ.pop(name, None)
    for name in STANDARD:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    _without_http_client()
    for name in RUNTIME:
        importlib.import_module(name)
    _interactive_builtins()


def _without_http_client() -> None:
    """Import AWS's client module without its C extension, which speaks HTTP: the channel replaces it."""
    sys.modules["runtime_client"] = None  # type: ignore[assignment]  # the documented way to forbid an import
    importlib.import_module("awslambdaric.lambda_runtime_client")
    del sys.modules["runtime_client"]


def _interactive_builtins() -> None:
    """`exit`, `quit` and the like, which an isolated interpreter (-S) lacks and Lambda's has."""
    if not hasattr(builtins, "exit"):
        site.setquit()
        site.setcopyright()
        site.sethelper()
