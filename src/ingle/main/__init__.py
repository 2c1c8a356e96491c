"""The composition root: one node, built from its settings and told in call order."""

from ingle.main.start import StartError, run

__all__ = ["StartError", "run"]
