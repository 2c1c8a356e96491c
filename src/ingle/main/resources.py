"""Every operation of Lambda's API that there is: each resource registers its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingle.controlplane.account import AccountOperations
from ingle.controlplane.aliases import AliasOperations
from ingle.controlplane.capacity import CapacityProviderOperations
from ingle.controlplane.codesigning import CodeSigningOperations
from ingle.controlplane.concurrency import ConcurrencyOperations
from ingle.controlplane.configuration import Configurations
from ingle.controlplane.eventinvoke import EventInvokeOperations
from ingle.controlplane.functionlayers import FunctionLayers
from ingle.controlplane.functions import FunctionOperations
from ingle.controlplane.functionsettings import SettingsOperations
from ingle.controlplane.handlers import Handlers
from ingle.controlplane.layerpermissions import LayerPermissionOperations
from ingle.controlplane.layers import LayerOperations
from ingle.controlplane.lifecycle import Lifecycle
from ingle.controlplane.location import CodeLocations
from ingle.controlplane.mappinglifecycle import MappingLifecycle
from ingle.controlplane.mappings import MappingOperations
from ingle.controlplane.permissions import PermissionOperations
from ingle.controlplane.provisioned import ProvisionedOperations
from ingle.controlplane.references import References, Roles
from ingle.controlplane.resourcepolicies import ResourcePolicyOperations
from ingle.controlplane.scaling import ScalingOperations
from ingle.controlplane.sources import PackageSources
from ingle.controlplane.tags import TagOperations
from ingle.controlplane.urls import UrlOperations
from ingle.controlplane.versions import VersionOperations
from ingle.counting.counter import Counter
from ingle.model.clock import Clock
from ingle.model.quotas import AccountLimits
from ingle.store.aliases import Aliases
from ingle.store.capacity import CapacityProviders
from ingle.store.code import CodeStore
from ingle.store.codesigning import CodeSigningConfigs
from ingle.store.concurrency import Concurrency
from ingle.store.database import Database
from ingle.store.eventinvoke import EventInvokeConfigs
from ingle.store.functions import Functions
from ingle.store.functionsettings import FunctionSettings
from ingle.store.layers import Layers
from ingle.store.mappings import EventSourceMappings
from ingle.store.policies import FunctionPolicies
from ingle.store.tags import Tags
from ingle.store.urls import FunctionUrls


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
    aliases: Aliases
    concurrency: Concurrency
    counter: Counter
    sources: PackageSources = field(default_factory=PackageSources)
    roles: Roles | None = None


def register_all(handlers: Handlers, parts: Parts) -> None:
    """Add every control-plane operation to `handlers`."""
    code_signing, providers = CodeSigningConfigs(parts.database), CapacityProviders(parts.database)
    layers = Layers(parts.database)
    function_layers = FunctionLayers(layers, parts.code)
    FunctionOperations(
        parts.functions,
        parts.code,
        parts.configurations,
        parts.locations,
        parts.lifecycle,
        parts.limits,
        References(providers, code_signing, parts.roles),
        function_layers,
        parts.sources,
    ).register(handlers)
    LayerOperations(
        layers, function_layers, parts.code, parts.locations, parts.limits, parts.clock, parts.sources
    ).register(handlers)
    LayerPermissionOperations(layers).register(handlers)
    policies = FunctionPolicies(parts.database)
    PermissionOperations(policies).register(handlers)
    ResourcePolicyOperations(policies).register(handlers)
    AccountOperations(parts.functions, parts.concurrency, parts.limits).register(handlers)
    VersionOperations(parts.functions, parts.limits).register(handlers)
    AliasOperations(parts.aliases).register(handlers)
    ConcurrencyOperations(parts.functions, parts.concurrency, parts.counter).register(handlers)
    ProvisionedOperations(parts.functions, parts.concurrency, parts.lifecycle, parts.clock).register(handlers)
    ScalingOperations(parts.functions, parts.concurrency).register(handlers)
    CodeSigningOperations(code_signing, parts.functions, parts.clock).register(handlers)
    CapacityProviderOperations(providers, parts.clock).register(handlers)
    SettingsOperations(FunctionSettings(parts.database), parts.functions).register(handlers)
    mappings = EventSourceMappings(parts.database)
    MappingOperations(mappings, parts.functions, parts.mapping_lifecycle, parts.clock).register(handlers)
    event_invoke = EventInvokeConfigs(parts.database)
    EventInvokeOperations(event_invoke, parts.functions, parts.clock).register(handlers)
    UrlOperations(FunctionUrls(parts.database), parts.clock).register(handlers)
    TagOperations(Tags(parts.database, parts.functions)).register(handlers)
