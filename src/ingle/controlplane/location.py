"""`Code.Location`: a URL that downloads a function's zip for ten minutes, and nothing else.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from ingle.model.clock import Clock
from ingle.model.errors import AccessDenied
from ingle.store.code import CodeStore

VALID_SECONDS = 600  # as long as AWS's presigned URL
PREFIX = "/_ingle/code/"
_PATH = re.compile(re.escape(PREFIX) + r"([0-9a-f]{64})", re.ASCII)
_EXPIRES = re.compile(r"[0-9]{1,12}", re.ASCII)


class CodeLocations:
    """Signs URLs and checks them. `secret` lives as long as the node: a restart ends older URLs."""

    def __init__(self, code: CodeStore, clock: Clock, secret: bytes) -> None:
        self._code = code
        self._clock = clock
        self._secret = secret

    def url(self, endpoint: str, sha256: str) -> str:
        """Where the package with that hexadecimal digest can be had from now on, below `endpoint`."""
        expires = str(int(self._clock.time()) + VALID_SECONDS)
        query = urlencode({"Expires": expires, "Signature": self._sign(sha256, expires)})
        return f"{endpoint.rstrip('/')}{PREFIX}{sha256}?{query}"

    def verify(self, path: str, query: str) -> Path:
        """The file that a URL of ours stands for. Raises AccessDenied for any other URL and an old one."""
        match, given = _PATH.fullmatch(path), parse_qs(query)
        expires, signature = given.get("Expires", [""])[0], given.get("Signature", [""])[0]
        if match is None or not _EXPIRES.fullmatch(expires):
            raise AccessDenied("Access Denied")
        if not hmac.compare_digest(self._sign(match[1], expires).encode(), signature.encode()):
            raise AccessDenied("Access Denied")
        if int(expires) < self._clock.time():
            raise AccessDenied("Request has expired")
        return self._code.zip_path(match[1])

    def _sign(self, sha256: str, expires: str) -> str:
        return hmac.new(self._secret, f"{sha256} {expires}".encode(), hashlib.sha256).hexdigest()
