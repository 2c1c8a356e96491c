"""Which runtimes this machine has, where their interpreters are, and the `/var/runtime` of each."""

from ingle.worker.catalogue.catalogue import Catalogue
from ingle.worker.catalogue.family import Installation, Missing, RuntimeFamily, StagingError
from ingle.worker.catalogue.provided import ProvidedFamily
from ingle.worker.catalogue.python import PythonFamily

__all__ = [
    "Catalogue",
    "Installation",
    "Missing",
    "ProvidedFamily",
    "PythonFamily",
    "RuntimeFamily",
    "StagingError",
]
