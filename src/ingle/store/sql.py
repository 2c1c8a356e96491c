"""SQL lives in `.sql` files: named queries in `sql/`, numbered migrations in `migrations/`.

A file of queries is a sequence of blocks, each headed by a line `-- name: <name>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

_HEADING = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")


def queries(name: str) -> Mapping[str, str]:
    """The named queries of `sql/<name>.sql`. Raises ValueError where a name is used twice."""
    return parse_queries((files("ingle.store") / "sql" / f"{name}.sql").read_text())


def parse_queries(text: str) -> Mapping[str, str]:
    """The queries of one file's text, by name."""
    _, *blocks = _HEADING.split(text)
    names, bodies = blocks[::2], blocks[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"a query is named twice among {', '.join(names)}")
    return dict(zip(names, (body.strip() for body in bodies), strict=True))


def migrations(schema: str = "migrations") -> list[tuple[int, str]]:
    """Every migration's number and text, in order: those in the folder `schema`.

    Raises ValueError where a number is missing or double."""
    found = sorted(
        (int(match[1]), file.read_text())
        for file in (files("ingle.store") / schema).iterdir()
        if (match := _MIGRATION.fullmatch(file.name))
    )
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are numbered {[number for number, _ in found]}")
    return found


def statements(script: str) -> list[str]:
    """A script's single statements. No statement of ours holds a semicolon inside of it but triggers' bodies,
    and there are no triggers."""
    without_comments = re.sub(r"--[^\n]*", "", script)
    return [statement for part in without_comments.split(";") if (statement := part.strip())]
