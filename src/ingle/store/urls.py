"""Function URLs: the repository of the table `function_url`.

Whether the function or alias is there is looked at in the transaction that stores its URL.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingle.model.document import from_document, to_document
from ingle.model.errors import ResourceConflict, ResourceNotFound
from ingle.model.functionurl import FunctionUrl
from ingle.model.names import FunctionKey, FunctionReference
from ingle.store.database import Connection, Database
from ingle.store.sql import queries

SQL = queries("urls")


@dataclass(frozen=True)
class UrlPage:
    """A part of a list; `next` is the qualifier at which it goes on, or None at the end."""

    urls: tuple[tuple[FunctionReference, FunctionUrl], ...]
    next: str | None


class FunctionUrls:
    """The URLs of every function of this database; a reference names an alias or the function itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, reference: FunctionReference, url: FunctionUrl) -> None:
        """Add a URL. Raises ResourceNotFound where there is no such function or alias, ResourceConflict where
        it has one."""

        def work(connection: Connection) -> None:
            row = _row(reference)
            _require_target(connection, row)
            row |= {"url_id": url.url_id, "document": _document(url)}
            if not connection.execute(SQL["insert"], row).rowcount:
                raise ResourceConflict(
                    f"Failed to create function url config for [functionArn = {reference.arn}]. "
                    "Error message:  FunctionUrlConfig exists for this Lambda function"
                )

        await self._database.write(work)

    async def update(
        self, reference: FunctionReference, change: Callable[[FunctionUrl], FunctionUrl]
    ) -> FunctionUrl:
        """Store and return what `change` makes of a URL. Raises ResourceNotFound."""

        def work(connection: Connection) -> FunctionUrl:
            row = _row(reference)
            _require_target(connection, row)
            found = connection.execute(SQL["get"], row).fetchone()
            if found is None:
                raise not_found()
            after = change(_url(found[1]))
            connection.execute(SQL["update"], {**row, "document": _document(after)})
            return after

        return await self._database.write(work)

    async def get(self, reference: FunctionReference) -> FunctionUrl | None:
        """The URL, or None."""
        row = _row(reference)
        found = await self._database.read(lambda connection: connection.execute(SQL["get"], row).fetchone())
        return None if found is None else _url(found[1])

    async def delete(self, reference: FunctionReference) -> bool:
        """Remove the URL; whether there was one."""
        row = _row(reference)
        return await self._database.write(
            lambda connection: connection.execute(SQL["delete"], row).rowcount > 0
        )

    async def page(self, key: FunctionKey, *, limit: int, start: str = "") -> UrlPage:
        """The URLs of a function, its own first, then its aliases': at most `limit`, from `start` on.

        Raises ResourceNotFound where there is no such function.
        """
        row = {**_row(FunctionReference(key)), "after": start, "limit": limit + 1}  # one more: is there more?

        def work(connection: Connection) -> list[Any]:
            _require_target(connection, row)
            return connection.execute(SQL["list"], row).fetchall()

        found = await self._database.read(work)
        shown = tuple((FunctionReference(key, each[0] or None), _url(each[1])) for each in found[:limit])
        return UrlPage(shown, found[limit][0] if len(found) > limit else None)


def not_found() -> ResourceNotFound:
    """AWS's answer where there is no URL."""
    return ResourceNotFound("The resource you requested does not exist.")


def _require_target(connection: Connection, row: dict[str, Any]) -> None:
    if connection.execute(SQL["target_exists"], row).fetchone() is None:
        raise ResourceNotFound("Function does not exist")


def _row(reference: FunctionReference) -> dict[str, Any]:
    return {
        **reference.key._asdict(),
        "qualifier": reference.qualifier or "",
        "alias": reference.qualifier,
    }


def _document(url: FunctionUrl) -> str:
    return json.dumps(to_document(url), separators=(",", ":"))


def _url(document: str) -> FunctionUrl:
    return from_document(FunctionUrl, json.loads(document))
