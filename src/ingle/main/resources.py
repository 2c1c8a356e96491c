"""Every operation of Lambda's API that there is: each resource registers its own."""

from __future__ import annotations

from dataclasses import dataclass

from ingle.controlplane.account import AccountOperations
from ingle.controlplane.capacity import CapacityProviderOperations
from ingle.controlplane.codesigning import CodeSigningOperations
from ingle.controlplane.configuration import Configurations
from ingle.controlplane.functions import FunctionOperations
from ingle.controlplane.handlers import Handlers
from ingle.controlplane.lifecycle import Lifecycle
from ingle.controlplane.location import CodeLocations
from ingle.controlplane.mappinglifecycle import MappingLifecycle
from ingle.controlplane.mappings import MappingOperations
from ingle.controlplane.references import References
from ingle.controlplane.settings import SettingsOperations
from ingle.model.clock import Clock
from ingle.model.quotas import AccountLimits
from ingle.store.capacity import CapacityProviders
from ingle.store.code import CodeStore
from ingle.store.codesigning import CodeSigningConfigs
from ingle.store.database import Database
from ingle.store.functions import Functions
from ingle.store.mappings import EventSourceMappings
from ingle.store.settings import FunctionSettings


@dataclass(frozen=True)
class Parts:
    """What resources are made from. Each takes what it needs."""

    database: Database
    functions: Functions
    code: CodeStore
    lifecycle: Lifecycle
    configurations: Configurations
    locations: CodeLocations
    limits: AccountLimits
    clock: Clock
    mapping_lifecycle: MappingLifecycle


def register_all(handlers: Handlers, parts: Parts) -> None:
    """Add every control-plane operation to `handlers`."""
    code_signing, providers = CodeSigningConfigs(parts.database), CapacityProviders(parts.database)
    FunctionOperations(
        parts.functions,
        parts.code,
        parts.configurations,
        parts.locations,
        parts.lifecycle,
        parts.limits,
        References(providers, code_signing),
    ).register(handlers)
    AccountOperations(parts.functions, parts.limits).register(handlers)
    CodeSigningOperations(code_signing, parts.functions, parts.clock).register(handlers)
    CapacityProviderOperations(providers, parts.clock).register(handlers)
    SettingsOperations(FunctionSettings(parts.database), parts.functions).register(handlers)
    mappings = EventSourceMappings(parts.database)
    MappingOperations(mappings, parts.functions, parts.mapping_lifecycle, parts.clock).register(handlers)
