"""Ingle: your own AWS Lambda. The architecture is in docs/architecture.md."""

from importlib.metadata import version

__version__ = version("ingle")
