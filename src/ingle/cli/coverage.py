"""The page `docs/api-coverage.md`."""

from __future__ import annotations

from typing import Any

from ingle.controlplane.coverage import render
from ingle.controlplane.handlers import Handlers
from ingle.main.invoking import register_invoke
from ingle.main.resources import register_all
from ingle.wire.service import Service


class _Part:
    """Stands for whatever resources are made from: at their registration nothing is asked of it."""

    def __getattr__(self, name: str) -> _Part:
        return self

    def __call__(self, *_: object) -> _Part:
        return self


def page() -> str:
    """What `ingle api-coverage` prints, of this version of Ingle with this version of botocore."""
    handlers, part = Handlers(), _part()
    register_all(handlers, part)
    register_invoke(handlers, part)
    return render(Service.load("lambda").operations, handlers)


def _part() -> Any:
    return _Part()
