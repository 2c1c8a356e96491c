"""Who answers for which of AWS's services: ours, else the library; or a user's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingle.controlplane.sources import ObjectRefused
from ingle.edge.identity import Defaults
from ingle.model.settings import Settings
from ingle.services import Services
from ingle.services.library import (
    ChildSettings,
    Credentials,
    Library,
    ObjectError,
    Objects,
    ObjectTooLarge,
    Remote,
)


def embed_library(
    services: Services, settings: Settings, directory: Path, port: int, defaults: Defaults
) -> Library:
    """Have `services` know the library; it starts with the first call. `port`: where Ingle listens."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    library = Library(
        ChildSettings(directory / "library", endpoint, defaults.account, keep=not settings.ephemeral)
    )
    services.others(library)
    return library


def use_remotes(services: Services, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
    """Have services that are set to an endpoint of the user's answered from there."""
    for name, url in settings.remotes().items():
        services.instead(name, Remote(url, _credentials(url, environ)))


class PackageObjects:
    """The control plane's `ObjectStore` over whatever S3 is here."""

    def __init__(self, services: Services) -> None:
        self._objects = Objects(services)

    async def read(
        self, account: str, region: str, bucket: str, key: str, version: str | None, bound: int
    ) -> bytes | None:
        try:
            return await self._objects.read(account, region, bucket, key, version, bound)
        except ObjectTooLarge:
            return None
        except ObjectError as error:
            raise ObjectRefused(error.code, error.message) from error


def _credentials(url: str, environ: Mapping[str, str]) -> Credentials:
    """Those in the URL, `https://KEY:SECRET@host`, else those of this process."""
    parts = urlsplit(url)
    if parts.username:
        return Credentials(unquote(parts.username), unquote(parts.password or ""))
    return Credentials(
        environ.get("AWS_ACCESS_KEY_ID", "test"),
        environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        environ.get("AWS_SESSION_TOKEN"),
    )
