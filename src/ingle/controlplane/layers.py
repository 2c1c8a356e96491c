"""Layers: publish, read, list, delete.

https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html and its neighbours
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.functionlayers import FunctionLayers
from ingle.controlplane.functions import read_marker, write_marker
from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.controlplane.location import CodeLocations
from ingle.controlplane.sources import PackageSources
from ingle.model.clock import Clock, timestamp
from ingle.model.layers import (
    LayerReference,
    LayerVersion,
    check_number,
    not_there,
    parse_layer_name,
    parse_layer_version_arn,
)
from ingle.model.quotas import ITEMS_PER_PAGE, AccountLimits
from ingle.store.code import CodeStore
from ingle.store.layers import Layers

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        DeleteLayerVersionRequestTypeDef,
        GetLayerVersionByArnRequestTypeDef,
        GetLayerVersionRequestTypeDef,
        ListLayersRequestTypeDef,
        ListLayerVersionsRequestTypeDef,
        PublishLayerVersionRequestTypeDef,
    )

_NO_NUMBER = 2**63 - 1  # every version comes before it


class LayerOperations:
    """The operations on layers and their versions."""

    def __init__(
        self,
        layers: Layers,
        function_layers: FunctionLayers,
        code: CodeStore,
        locations: CodeLocations,
        limits: AccountLimits,
        clock: Clock,
        sources: PackageSources,
    ) -> None:
        self._layers = layers
        self._function_layers = function_layers
        self._code = code
        self._locations = locations
        self._limits = limits
        self._clock = clock
        self._sources = sources

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("PublishLayerVersion", self.publish_layer_version)
        handlers.add("GetLayerVersion", self.get_layer_version)
        handlers.add("GetLayerVersionByArn", self.get_layer_version_by_arn)
        handlers.add("ListLayers", self.list_layers)
        handlers.add("ListLayerVersions", self.list_layer_versions)
        handlers.add("DeleteLayerVersion", self.delete_layer_version)

    async def publish_layer_version(
        self, context: RequestContext, request: PublishLayerVersionRequestTypeDef
    ) -> Answer:
        key = parse_layer_name(request["LayerName"], context.account, context.region)
        require_own_account(context, key, "PublishLayerVersion")
        runtimes, architectures = request.get("CompatibleRuntimes"), request.get("CompatibleArchitectures")
        content, bound = await self._sources.read(context, request["Content"])
        async with self._code.keeping(content, bound) as code:
            published = await self._layers.publish(
                LayerVersion(
                    key=key,
                    code=code,
                    description=request.get("Description") or "",
                    created_date=timestamp(self._clock.time()),
                    compatible_architectures=None if architectures is None else tuple(architectures),
                    compatible_runtimes=None if runtimes is None else tuple(runtimes),
                    license_info=request.get("LicenseInfo") or None,
                ),
                total_code_size=self._limits.total_code_size,
            )
        return self._described(context, published)

    async def get_layer_version(
        self, context: RequestContext, request: GetLayerVersionRequestTypeDef
    ) -> Answer:
        check_number(request["VersionNumber"])
        key = parse_layer_name(request["LayerName"], context.account, context.region)
        return await self._get(context, key.version(request["VersionNumber"]))

    async def get_layer_version_by_arn(
        self, context: RequestContext, request: GetLayerVersionByArnRequestTypeDef
    ) -> Answer:
        reference = parse_layer_version_arn(request["Arn"])
        if reference is None:
            raise not_there()
        check_number(reference.number)
        return await self._get(context, reference)

    async def list_layers(self, context: RequestContext, request: ListLayersRequestTypeDef) -> Answer:
        limit = min(request.get("MaxItems") or ITEMS_PER_PAGE, ITEMS_PER_PAGE)
        after, _ = read_marker(request.get("Marker")) or ("", 0)
        found = await self._layers.newest(
            context.account,
            context.region,
            runtime=request.get("CompatibleRuntime"),
            architecture=request.get("CompatibleArchitecture"),
            limit=limit + 1,
            after=after,
        )
        answer: Answer = {
            "Layers": [
                {
                    "LayerName": version.key.name,
                    "LayerArn": version.key.arn,
                    "LatestMatchingVersion": version.document(),
                }
                for version in found[:limit]
            ]
        }
        if len(found) > limit:
            answer["NextMarker"] = write_marker((found[limit - 1].key.name, 0))
        return answer

    async def list_layer_versions(
        self, context: RequestContext, request: ListLayerVersionsRequestTypeDef
    ) -> Answer:
        key = parse_layer_name(request["LayerName"], context.account, context.region)
        require_own_account(context, key, "ListLayerVersions")
        limit = min(request.get("MaxItems") or ITEMS_PER_PAGE, ITEMS_PER_PAGE)
        _, before = read_marker(request.get("Marker")) or ("", _NO_NUMBER)
        found = await self._layers.versions(
            key,
            runtime=request.get("CompatibleRuntime"),
            architecture=request.get("CompatibleArchitecture"),
            limit=limit + 1,
            before=before,
        )
        answer: Answer = {"LayerVersions": [version.document() for version in found[:limit]]}
        if len(found) > limit:
            answer["NextMarker"] = write_marker((key.name, found[limit - 1].number))
        return answer

    async def delete_layer_version(
        self, context: RequestContext, request: DeleteLayerVersionRequestTypeDef
    ) -> Answer:
        number = request["VersionNumber"]
        check_number(number)
        key = parse_layer_name(request["LayerName"], context.account, context.region)
        require_own_account(context, key, "DeleteLayerVersion")
        await self._layers.delete(key.version(number), self._clock.time())
        return {}

    async def _get(self, context: RequestContext, reference: LayerReference) -> Answer:
        if reference.layer.account != context.account:
            await self._function_layers.require_open(context, reference)
        version = await self._layers.get(reference)
        if version is None or reference.layer.region != context.region:
            raise not_there()
        return self._described(context, version)

    def _described(self, context: RequestContext, version: LayerVersion) -> Answer:
        return {
            **version.document(),
            "LayerArn": version.key.arn,
            "Content": {
                "Location": self._locations.url(context.endpoint, version.code.sha256),
                "CodeSha256": version.code.base64,
                "CodeSize": version.code.size,
            },
        }
