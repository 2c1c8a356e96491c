"""Lambda's own API, one file per resource; reads and writes desired configuration.

Handlers             operations by name; each resource's `...Operations.register(handlers)` fills it
RequestContext       who calls
FunctionOperations   functions
AccountOperations    account settings
Lifecycle            the background: Pending to Active, unused code collected
CodeLocations        the URLs in `Code.Location`
RuntimeCatalogue     the port that tells which runtimes are installed
"""

from ingle.controlplane.account import AccountOperations
from ingle.controlplane.catalogue import Available, Missing, RuntimeCatalogue
from ingle.controlplane.configuration import Configurations
from ingle.controlplane.functions import FunctionOperations
from ingle.controlplane.handlers import Handlers, RequestContext
from ingle.controlplane.lifecycle import Lifecycle
from ingle.controlplane.location import CodeLocations

__all__ = [
    "AccountOperations",
    "Available",
    "CodeLocations",
    "Configurations",
    "FunctionOperations",
    "Handlers",
    "Lifecycle",
    "Missing",
    "RequestContext",
    "RuntimeCatalogue",
]
