"""A function's own HTTP address.

https://docs.aws.amazon.com/lambda/latest/api/API_FunctionUrlConfig.html
"""

from __future__ import annotations

import ipaddress
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

_ALPHABET = string.ascii_lowercase + string.digits
_ID_LENGTH = 32


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """url_id: the first label of its host, for life. cors: AWS's Cors, or None. The times are `iso_time`."""

    url_id: str
    auth_type: str
    creation_time: str
    last_modified_time: str
    invoke_mode: str = "BUFFERED"
    cors: Mapping[str, Any] | None = None


def new_url_id() -> str:
    """An identifier that no URL has; it cannot be guessed."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def address(url_id: str, region: str, endpoint: str) -> str:
    """The URL, at a node that is reached at `endpoint`; `localhost` where that is an address only, as every
    resolver leads names below it to this machine."""
    parts = urlsplit(endpoint)
    host = parts.hostname or "localhost"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{url_id}.lambda-url.{region}.{_named(host)}{port}/"


def _named(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return "localhost"


def iso_time(epoch: float) -> str:
    """A moment as URLs' configurations have it: `2026-01-01T00:00:00.000000Z`."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
