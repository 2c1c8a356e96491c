"""The `ingle` command: a client of the public API over HTTP; only `up` starts a node."""

from ingle.cli.commands import main

__all__ = ["main"]
