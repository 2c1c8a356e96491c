"""One request at a time goes to moto: it is not made for threads.

The lock covers the work on state alone, not reading a body or writing an answer, and no call from there waits
for a function.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from moto import backends
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from ingle.services.library.host.picklable import collections

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_READING = ("GET", "HEAD", "OPTIONS")
_log = logging.getLogger(__name__)

StartResponse = Callable[..., Any]


class Dispatcher:
    """A WSGI application. `account` has the requests that name none; `changed` is told of each that may have
    changed something."""

    def __init__(self, account: str, lock: threading.Lock, changed: Callable[[], None]) -> None:
        # moto lists a directory for each request.
        backends.list_of_moto_modules = lru_cache(maxsize=None)(
            lambda listing=backends.list_of_moto_modules: tuple(listing())
        )
        self._apps = _Apps(create_backend_app)
        self._account = account
        self._lock = lock
        self._changed = changed

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/_ingle/reset":
            self._reset(environ["HTTP_X_INGLE_ACCOUNT"])
            start_response("204 No Content", [("Content-Length", "0")])
            return []
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_of(environ.get("HTTP_X_INGLE_ACCESS_KEY", ""))
        _sign(environ)
        with self._lock:
            try:
                return list(self._apps(environ, start_response))
            except UnknownService as error:
                _refuse(start_response, "501 Not Implemented", "NotImplementedException")
                return [_message("NotImplementedException", str(error))]
            except Exception:
                _log.exception("%s %s failed", environ["REQUEST_METHOD"], environ.get("RAW_URI"))
                _refuse(start_response, "500 Internal Server Error", "InternalFailure")
                return [_message("InternalFailure", "An internal error occurred.")]
            finally:
                if environ["REQUEST_METHOD"] not in _READING:
                    self._changed()

    def _account_of(self, access_key: str) -> str:
        """Itself where a key is an account; else whoever made it here, by IAM or STS; else the default."""
        if _ACCOUNT.fullmatch(access_key):
            return access_key
        with self._lock:
            for account, partitions in iam_backends.items():
                if any(access_key in backend.access_keys for backend in partitions.values()):
                    return str(account)
        return self._account

    def _reset(self, account: str) -> None:
        with self._lock:
            for backend in collections():
                if account in backend:
                    backend[account].reset()
                    del backend[account]
            self._changed()


class UnknownService(Exception):
    """moto does not have it."""


class _Apps(DomainDispatcherApplication):
    """moto's own dispatch, for the service that the node names where the request is not signed."""

    def get_application(self, environ: dict[str, Any]) -> Any:
        host = self.infer_service_region_host(environ, environ.get("PATH_INFO", ""))
        backend = self.get_backend_for_host(host or "s3.us-east-1.amazonaws.com")
        if backend is None:
            service = environ.get("HTTP_X_INGLE_SERVICE")
            raise UnknownService(f"Ingle does not have the service {service} yet.")
        with self.lock:
            if backend not in self.app_instances:
                self.app_instances[backend] = self.create_app(backend)
            return self.app_instances[backend]


def _sign(environ: dict[str, Any]) -> None:
    """Give an unsigned request the header by which moto tells services. S3 knows anonymous readers and
    signed URLs, so its requests stay as they are."""
    service = environ.get("HTTP_X_INGLE_SERVICE", "s3")
    if service != "s3" and "HTTP_AUTHORIZATION" not in environ:
        key, region = environ.get("HTTP_X_INGLE_ACCESS_KEY", "unsigned"), environ["HTTP_X_INGLE_REGION"]
        environ["HTTP_AUTHORIZATION"] = (
            f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, "
            "SignedHeaders=host, Signature=0"
        )


def _refuse(start_response: StartResponse, status: str, code: str) -> None:
    start_response(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)])


def _message(code: str, text: str) -> bytes:
    return json.dumps({"__type": code, "message": text}).encode()
