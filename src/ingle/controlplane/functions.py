"""Functions: create, read, update, list, delete.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html and its neighbours. What an answer
includes follows recorded answers of AWS: LastUpdateStatus is not in the answer to a creation, states and the
runtime version are not in lists, ARNs are qualified where the caller qualified or published.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ingle.controlplane.configuration import UNSUPPORTED, Configurations
from ingle.controlplane.functionlayers import FunctionLayers
from ingle.controlplane.handlers import (
    Answer,
    Handlers,
    RequestContext,
    refuse_unsupported,
    require_own_account,
)
from ingle.controlplane.lifecycle import Lifecycle
from ingle.controlplane.location import CodeLocations
from ingle.controlplane.naming import own_function, own_whole_function
from ingle.controlplane.references import References
from ingle.controlplane.sources import PackageSources
from ingle.model.errors import InvalidParameterValue, PreconditionFailed, ResourceConflict
from ingle.model.function import FunctionVersion
from ingle.model.names import (
    LATEST,
    FunctionReference,
    is_version_number,
    parse_new_function_name,
    unqualified,
)
from ingle.model.quotas import FUNCTIONS_PER_PAGE, AccountLimits
from ingle.model.states import require_settled, update_in_progress
from ingle.model.tags import check_tags
from ingle.store.code import CodeStore
from ingle.store.functions import Functions, revision_mismatch

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateFunctionRequestTypeDef,
        DeleteFunctionRequestTypeDef,
        GetFunctionConfigurationRequestTypeDef,
        GetFunctionRequestTypeDef,
        ListFunctionsRequestTypeDef,
        UpdateFunctionCodeRequestTypeDef,
        UpdateFunctionConfigurationRequestTypeDef,
    )

_STATES = {
    "State",
    "StateReason",
    "StateReasonCode",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
}

_CODE_NOTE = "Code comes as ZipFile or from S3: no container images. No publishing to $LATEST.PUBLISHED."
_NOTE = (
    "Kept and answered, without effect yet: VpcConfig, FileSystemConfigs, TracingConfig, SnapStart, "
    "KMSKeyArn, DeadLetterConfig, TenancyConfig, DurableConfig, CapacityProviderConfig, signatures of code. "
    f"Refused: {', '.join(UNSUPPORTED)}, container images."
)


class FunctionOperations:
    """The operations on functions, over the store; `lifecycle` ends what they begin."""

    def __init__(
        self,
        functions: Functions,
        code: CodeStore,
        configurations: Configurations,
        locations: CodeLocations,
        lifecycle: Lifecycle,
        limits: AccountLimits,
        references: References,
        layers: FunctionLayers,
        sources: PackageSources,
    ) -> None:
        self._functions = functions
        self._code = code
        self._configurations = configurations
        self._locations = locations
        self._lifecycle = lifecycle
        self._limits = limits
        self._references = references
        self._layers = layers
        self._sources = sources

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("CreateFunction", self.create_function, note=_NOTE)
        handlers.add("GetFunction", self.get_function)
        handlers.add("GetFunctionConfiguration", self.get_function_configuration)
        handlers.add("UpdateFunctionCode", self.update_function_code, note=_CODE_NOTE)
        handlers.add("UpdateFunctionConfiguration", self.update_function_configuration, note=_NOTE)
        handlers.add("ListFunctions", self.list_functions)
        handlers.add("DeleteFunction", self.delete_function)

    async def create_function(self, context: RequestContext, request: CreateFunctionRequestTypeDef) -> Answer:
        reference = parse_new_function_name(request["FunctionName"], context.account, context.region)
        key = reference.key
        require_own_account(context, key, "CreateFunction")
        self._configurations.check_new(request)
        check_tags(request.get("Tags") or {})
        content, bound = await self._sources.read(context, request["Code"])
        await self._references.check(context, request)
        if await self._functions.get(key) is not None:
            raise ResourceConflict(f"Function already exist: {key.name}")
        layers = await self._layers.find(context, request.get("Layers") or [])
        async with self._code.keeping(content, bound) as code:
            await self._layers.check_size(code.sha256, layers)
            configuration = replace(self._configurations.new(key, request, code), layers=layers)
            created = await self._functions.create(
                FunctionVersion(key, configuration),
                request.get("Tags") or {},
                total_code_size=self._limits.total_code_size,
                publish=request.get("Publish", False),
                code_signing_config_arn=request.get("CodeSigningConfigArn") or None,
            )
        self._lifecycle.wake()
        return created.configuration.document()

    async def get_function(self, context: RequestContext, request: GetFunctionRequestTypeDef) -> Answer:
        reference = own_function(context, request["FunctionName"], "GetFunction", request.get("Qualifier"))
        found = await self._find(reference)
        answer: Answer = {
            "Configuration": described(found, as_named=reference),
            "Code": {
                "RepositoryType": "S3",
                "Location": self._locations.url(context.endpoint, found.code_sha256),
            },
        }
        if tags := await self._functions.tags(reference.key):
            answer["Tags"] = tags
        if (reserved := await self._functions.reserved_concurrency(reference.key)) is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
        return answer

    async def get_function_configuration(
        self, context: RequestContext, request: GetFunctionConfigurationRequestTypeDef
    ) -> Answer:
        reference = own_function(
            context, request["FunctionName"], "GetFunctionConfiguration", request.get("Qualifier")
        )
        return described(await self._find(reference), as_named=reference)

    async def update_function_code(
        self, context: RequestContext, request: UpdateFunctionCodeRequestTypeDef
    ) -> Answer:
        reference = own_whole_function(
            context, request["FunctionName"], "UpdateFunctionCode", latest_too=True
        )
        latest = await self._changeable(reference, request.get("RevisionId"))
        refuse_unsupported(request, {"PublishTo": "publishing to $LATEST.PUBLISHED"})
        if request.get("ImageUri"):
            raise InvalidParameterValue(
                "Please don't provide ImageUri when updating a function with packageType Zip."
            )
        content, bound = await self._sources.read(context, request)
        self._configurations.check_runtime(latest.configuration.runtime or "", existing=True)
        publish = request.get("Publish", False)
        architectures = tuple(request.get("Architectures") or ()) or None
        async with self._code.keeping(content, bound) as code:
            await self._layers.check_size(code.sha256, latest.configuration.layers)
            changed = replace(
                latest,
                configuration=self._configurations.with_code(latest.configuration, code, architectures),
            )
            if request.get("DryRun"):  # the package is collected, as nothing refers to it
                return described(changed)
            updated = await self._update(latest, changed, publish=publish)
        return described(updated, qualified=publish)

    async def update_function_configuration(
        self, context: RequestContext, request: UpdateFunctionConfigurationRequestTypeDef
    ) -> Answer:
        reference = own_whole_function(
            context, request["FunctionName"], "UpdateFunctionConfiguration", latest_too=True
        )
        latest = await self._changeable(reference, request.get("RevisionId"))
        self._configurations.check_changes(latest.configuration, request)
        await self._references.check(context, request)
        configuration = self._configurations.changed(reference.key, latest.configuration, request)
        if (arns := request.get("Layers")) is not None:
            configuration = replace(configuration, layers=await self._layers.find(context, arns))
            await self._layers.check_size(latest.code_sha256, configuration.layers)
        return described(await self._update(latest, replace(latest, configuration=configuration)))

    async def list_functions(self, context: RequestContext, request: ListFunctionsRequestTypeDef) -> Answer:
        all_versions = request.get("FunctionVersion") == "ALL"
        if request.get("MasterRegion"):
            if not all_versions:
                raise InvalidParameterValue("FunctionVersion must be ALL where MasterRegion is specified.")
            return {"Functions": []}  # it asks for replicas of Lambda@Edge functions only; there are none
        page = await self._functions.page(
            context.account,
            context.region,
            limit=min(request.get("MaxItems") or FUNCTIONS_PER_PAGE, FUNCTIONS_PER_PAGE),
            after=read_marker(request.get("Marker")),
            all_versions=all_versions,
        )
        answer: Answer = {"Functions": [listed(v, qualified=all_versions) for v in page.versions]}
        if page.next is not None:
            answer["NextMarker"] = write_marker(page.next)
        return answer

    async def delete_function(self, context: RequestContext, request: DeleteFunctionRequestTypeDef) -> Answer:
        reference = own_function(context, request["FunctionName"], "DeleteFunction", request.get("Qualifier"))
        qualifier = reference.qualifier
        if qualifier is None:
            if not await self._functions.delete(reference.key):
                raise reference.not_found()
            return {"StatusCode": 204}
        if qualifier == LATEST:
            raise InvalidParameterValue("$LATEST version cannot be deleted without deleting the function.")
        if not is_version_number(qualifier):
            raise InvalidParameterValue("Deletion of aliases is not currently supported.")
        await self._find(unqualified(reference))
        await self._functions.delete_version(reference.key, qualifier)  # one that is not there is no error
        return {"StatusCode": 204}

    async def _find(self, reference: FunctionReference) -> FunctionVersion:
        found = await self._functions.get(reference.key, reference.qualifier or LATEST)
        if found is None:
            raise reference.not_found()
        return found

    async def _changeable(self, reference: FunctionReference, revision_id: str | None) -> FunctionVersion:
        """The `$LATEST` that an update is about, if it may be changed now."""
        latest = await self._find(reference)
        configuration = latest.configuration
        if revision_id and revision_id != configuration.revision_id:
            raise revision_mismatch()
        require_settled(configuration.state, configuration.last_update_status, latest.key.arn)
        return latest

    async def _update(
        self, before: FunctionVersion, after: FunctionVersion, *, publish: bool = False
    ) -> FunctionVersion:
        """Store a change and have it ended. Raises ResourceConflict where another one was quicker."""
        try:
            updated = await self._functions.update(
                after,
                before.configuration.revision_id,
                total_code_size=self._limits.total_code_size,
                publish=publish,
            )
        except PreconditionFailed:
            # The caller's own RevisionId held when it was looked at: this is about the other client's update.
            raise update_in_progress(before.key.arn) from None
        self._lifecycle.wake()
        return updated


def described(
    version: FunctionVersion, *, qualified: bool = False, as_named: FunctionReference | None = None
) -> Answer:
    """A version as the single-function operations answer it: with the function's ARN, the version's
    (`qualified`), or the one by which a caller named it, such as an alias's (`as_named`)."""
    arn = as_named.arn if as_named else version.qualified_arn if qualified else version.key.arn
    return replace(version.configuration, function_arn=arn).document()


def listed(version: FunctionVersion, *, qualified: bool) -> Answer:
    """A version as lists show it: without states, which would be old by the time they are read."""
    hidden = _STATES | {"RuntimeVersionConfig"}
    return {k: v for k, v in described(version, qualified=qualified).items() if k not in hidden}


def write_marker(position: tuple[str, int]) -> str:
    """A position in a list as callers carry it: opaque to them."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def read_marker(marker: str | None) -> tuple[str, int] | None:
    """The position that a marker stands for. Raises InvalidParameterValue for one that is not ours."""
    if not marker:
        return None
    try:
        name, number = json.loads(base64.urlsafe_b64decode(marker.encode("ascii")))
    except (ValueError, TypeError, binascii.Error):
        raise InvalidParameterValue("The Marker is not one that this operation returned.") from None
    if not isinstance(name, str) or type(number) is not int or abs(number) >= 1 << 63:
        raise InvalidParameterValue("The Marker is not one that this operation returned.")
    return name, number
