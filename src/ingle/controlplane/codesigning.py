"""Code signing configurations, and which of them a function uses.

They are kept and answered; signatures are not verified, as there is no Signer here.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateCodeSigningConfig.html and its neighbours
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingle.controlplane.functions import read_marker, write_marker
from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.model.clock import Clock, timestamp
from ingle.model.codesigning import (
    AllowedPublishers,
    CodeSigningConfig,
    CodeSigningPolicies,
    arn_of,
    new_id,
)
from ingle.model.document import from_document, to_document
from ingle.model.errors import ResourceNotFound
from ingle.model.names import FunctionKey, parse_function_name, unqualified
from ingle.model.quotas import ITEMS_PER_PAGE
from ingle.model.tags import check_tags
from ingle.store.codesigning import CodeSigningConfigs, not_found
from ingle.store.functions import Functions

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateCodeSigningConfigRequestTypeDef,
        DeleteCodeSigningConfigRequestTypeDef,
        DeleteFunctionCodeSigningConfigRequestTypeDef,
        GetCodeSigningConfigRequestTypeDef,
        GetFunctionCodeSigningConfigRequestTypeDef,
        ListCodeSigningConfigsRequestTypeDef,
        ListFunctionsByCodeSigningConfigRequestTypeDef,
        PutFunctionCodeSigningConfigRequestTypeDef,
        UpdateCodeSigningConfigRequestTypeDef,
    )

_NOTE = "Kept and answered; signatures of code are not verified."


class CodeSigningOperations:
    """The operations on code signing configurations."""

    def __init__(self, configs: CodeSigningConfigs, functions: Functions, clock: Clock) -> None:
        self._configs = configs
        self._functions = functions
        self._clock = clock

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("CreateCodeSigningConfig", self.create_code_signing_config, note=_NOTE)
        handlers.add("GetCodeSigningConfig", self.get_code_signing_config)
        handlers.add("UpdateCodeSigningConfig", self.update_code_signing_config, note=_NOTE)
        handlers.add("DeleteCodeSigningConfig", self.delete_code_signing_config)
        handlers.add("ListCodeSigningConfigs", self.list_code_signing_configs)
        handlers.add("ListFunctionsByCodeSigningConfig", self.list_functions_by_code_signing_config)
        handlers.add("PutFunctionCodeSigningConfig", self.put_function_code_signing_config, note=_NOTE)
        handlers.add("GetFunctionCodeSigningConfig", self.get_function_code_signing_config)
        handlers.add("DeleteFunctionCodeSigningConfig", self.delete_function_code_signing_config)

    async def create_code_signing_config(
        self, context: RequestContext, request: CreateCodeSigningConfigRequestTypeDef
    ) -> Answer:
        tags = request.get("Tags") or {}
        check_tags(tags)
        identifier = new_id()
        config = CodeSigningConfig(
            code_signing_config_id=identifier,
            code_signing_config_arn=arn_of(context.account, context.region, identifier),
            allowed_publishers=from_document(AllowedPublishers, request["AllowedPublishers"]),
            code_signing_policies=from_document(
                CodeSigningPolicies, request.get("CodeSigningPolicies") or {}
            ),
            description=request.get("Description"),
            last_modified=timestamp(self._clock.time()),
        )
        await self._configs.create(context.account, context.region, config, tags)
        return {"CodeSigningConfig": to_document(config)}

    async def get_code_signing_config(
        self, context: RequestContext, request: GetCodeSigningConfigRequestTypeDef
    ) -> Answer:
        return {"CodeSigningConfig": to_document(await self._find(context, request["CodeSigningConfigArn"]))}

    async def update_code_signing_config(
        self, context: RequestContext, request: UpdateCodeSigningConfigRequestTypeDef
    ) -> Answer:
        arn, now = request["CodeSigningConfigArn"], timestamp(self._clock.time())
        changed = await self._configs.change(
            context.account, context.region, arn, lambda before: _updated(before, request, now)
        )
        if changed is None:
            raise _missing(arn)
        return {"CodeSigningConfig": to_document(changed)}

    async def delete_code_signing_config(
        self, context: RequestContext, request: DeleteCodeSigningConfigRequestTypeDef
    ) -> Answer:
        arn = request["CodeSigningConfigArn"]
        if not await self._configs.delete(context.account, context.region, arn):
            raise _missing(arn)
        return {}

    async def list_code_signing_configs(
        self, context: RequestContext, request: ListCodeSigningConfigsRequestTypeDef
    ) -> Answer:
        limit = min(request.get("MaxItems") or ITEMS_PER_PAGE, ITEMS_PER_PAGE)
        after, _ = read_marker(request.get("Marker")) or ("", 0)
        found = await self._configs.page(context.account, context.region, limit=limit + 1, after=after)
        answer: Answer = {"CodeSigningConfigs": [to_document(config) for config in found[:limit]]}
        if len(found) > limit:
            answer["NextMarker"] = write_marker((found[limit - 1].code_signing_config_id, 0))
        return answer

    async def list_functions_by_code_signing_config(
        self, context: RequestContext, request: ListFunctionsByCodeSigningConfigRequestTypeDef
    ) -> Answer:
        arn = (await self._find(context, request["CodeSigningConfigArn"])).code_signing_config_arn
        limit = min(request.get("MaxItems") or ITEMS_PER_PAGE, ITEMS_PER_PAGE)
        after, _ = read_marker(request.get("Marker")) or ("", 0)
        found = await self._configs.functions(
            context.account, context.region, arn, limit=limit + 1, after=after
        )
        answer: Answer = {"FunctionArns": [key.arn for key in found[:limit]]}
        if len(found) > limit:
            answer["NextMarker"] = write_marker((found[limit - 1].name, 0))
        return answer

    async def put_function_code_signing_config(
        self, context: RequestContext, request: PutFunctionCodeSigningConfigRequestTypeDef
    ) -> Answer:
        arn = request["CodeSigningConfigArn"]
        # AWS looks at the configuration first: with neither there, it is the one that is said to be missing.
        if await self._configs.get(context.account, context.region, arn) is None:
            raise not_found(arn)
        key = await self._function(context, request["FunctionName"], "PutFunctionCodeSigningConfig")
        await self._configs.assign(key, arn)
        return {"CodeSigningConfigArn": arn, "FunctionName": key.name}

    async def get_function_code_signing_config(
        self, context: RequestContext, request: GetFunctionCodeSigningConfigRequestTypeDef
    ) -> Answer:
        key = await self._function(context, request["FunctionName"], "GetFunctionCodeSigningConfig")
        arn = await self._configs.assigned(key)
        return {} if arn is None else {"CodeSigningConfigArn": arn, "FunctionName": key.name}

    async def delete_function_code_signing_config(
        self, context: RequestContext, request: DeleteFunctionCodeSigningConfigRequestTypeDef
    ) -> Answer:
        key = await self._function(context, request["FunctionName"], "DeleteFunctionCodeSigningConfig")
        await self._configs.unassign(key)
        return {}

    async def _find(self, context: RequestContext, arn: str) -> CodeSigningConfig:
        found = await self._configs.get(context.account, context.region, arn)
        if found is None:
            raise _missing(arn)
        return found

    async def _function(self, context: RequestContext, name: str, action: str) -> FunctionKey:
        reference = unqualified(parse_function_name(name, context.account, context.region))
        require_own_account(context, reference.key, action)
        if await self._functions.get(reference.key) is None:
            raise reference.not_found()
        return reference.key


def _updated(
    before: CodeSigningConfig, request: UpdateCodeSigningConfigRequestTypeDef, now: str
) -> CodeSigningConfig:
    after = before
    if (description := request.get("Description")) is not None:
        after = replace(after, description=description)
    if publishers := request.get("AllowedPublishers"):
        after = replace(after, allowed_publishers=from_document(AllowedPublishers, publishers))
    if policies := request.get("CodeSigningPolicies"):
        after = replace(after, code_signing_policies=from_document(CodeSigningPolicies, policies))
    return after if after == before else replace(after, last_modified=now)


def _missing(arn: str) -> ResourceNotFound:
    return ResourceNotFound(f"The Lambda code signing configuration {arn} can not be found.")
