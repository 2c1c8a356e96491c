"""What of an API there is, as a page: made from the service model and the handlers, so that it is true."""

from __future__ import annotations

from collections.abc import Iterable

from ingle.controlplane.handlers import Handlers
from ingle.controlplane.pending import why

_HEAD = """\
# What of Lambda's API there is

Made by `make api-coverage` from botocore's service model and the handlers; do not edit. Of {total} operations
{there} are there; the others answer 501 `NotImplementedException`.

| operation | state | not acted upon yet |
|---|---|---|
"""


def render(operations: Iterable[str], handlers: Handlers) -> str:
    """The page, in Markdown. `operations`: the names of all that the service model has.

    Raises ValueError for a handler of an operation that the model does not have.
    """
    names = sorted(operations)
    strangers = sorted(handlers.operations.keys() - set(names))
    if strangers:
        raise ValueError(f"the service model does not have {', '.join(strangers)}")
    rows = (_row(name, handlers) for name in names)
    return _HEAD.format(total=len(names), there=len(handlers.operations)) + "".join(rows)


def _row(name: str, handlers: Handlers) -> str:
    there = name in handlers.operations
    remark = handlers.notes.get(name, "") if there else why(name).strip()
    return f"| {name} | {'there' if there else 'not yet'} | {remark} |\n"
