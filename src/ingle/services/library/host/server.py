"""HTTP over the Unix socket: werkzeug's server, whose reading of heads moto is built for.

It keeps the raw path (`a%2Fb` is one key of S3) and names of metadata with underscores. Bodies are read to
their end before anybody has to wait for them, and lie on disk above one MB.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from ingle.services.library.host.dispatch import Dispatcher

_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024
_BACKLOG = 1_024


class Server(ThreadedWSGIServer):
    """Serves `dispatcher` at `path`, a thread for each request; the node bounds how many there are."""

    daemon_threads = True
    request_queue_size = _BACKLOG

    def __init__(self, path: Path, dispatcher: Dispatcher) -> None:
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # for this user alone
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
        super().__init__(f"unix://{path}", 0, _Buffered(dispatcher), handler=_Handler, fd=listener.fileno())
        listener.close()  # werkzeug has its own descriptor of it


class _Handler(MotoRequestHandler):
    def address_string(self) -> str:
        return "node"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """The node logs what is worth it."""


class _Buffered:
    """WSGI around the dispatcher: the whole body first, of stated length."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            size = _copy(environ, body)
            body.seek(0)
            environ["wsgi.input"] = body
            environ["CONTENT_LENGTH"] = str(size)
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            return self._dispatcher(environ, start_response)


def _copy(environ: dict[str, Any], body: IO[bytes]) -> int:
    """Raises ConnectionError where the body ends before its stated length: nothing half-sent is acted on."""
    source = environ["wsgi.input"]
    left = None if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
    size = 0
    while left is None or left > 0:
        part = source.read(_CHUNK if left is None else min(left, _CHUNK))
        if not part:
            if left:
                raise ConnectionResetError("the request ended in its middle")
            break
        body.write(part)
        size += len(part)
        left = None if left is None else left - len(part)
    return size
