"""Functions that bring their own runtime: packages with a `bootstrap`, and ways to invoke them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.conformance.functions import create, fresh_name, wait_active

# A runtime in a dozen lines, as AWS's tutorial has it: `handle` is what a test puts in.
SHELL = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
{init}
while true; do
  headers=$(mktemp)
  event=$(curl -sS -L -D "$headers" "$api/invocation/next") || exit 9
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  {handle}
done
"""
ANSWER = """curl -sS "$api/invocation/$id/response" -d "{\\"echo\\":$event}" >/dev/null"""


def shell(handle: str = ANSWER, init: str = "") -> bytes:
    """The package of a shell script that does `handle` with `$event` and `$id`."""
    return package({"bootstrap": SHELL.format(handle=handle, init=init).encode()})


def package(files: Mapping[str, bytes], mode: int = 0o755) -> bytes:
    """A zip of files that all have `mode`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | mode) << 16
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def deploy_package(client: Any, content: bytes, **configuration: Any) -> str:
    """Create a function of an OS-only runtime and wait until it is Active; its name."""
    name = fresh_name("custom")
    request = {"Runtime": "provided.al2023", "Handler": "app.handler", **configuration}
    create(client, name, content, **request)
    wait_active(client, name)
    return name
