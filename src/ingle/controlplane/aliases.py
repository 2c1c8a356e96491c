"""Aliases: create, read, move, share, delete.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html and its neighbours. An alias is routed by
`ingle.store.directory`, at each invocation.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from ingle.controlplane.functions import read_marker, write_marker
from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.controlplane.naming import own_whole_function
from ingle.model.alias import Alias, additional_version, check_routing
from ingle.model.errors import ResourceNotFound
from ingle.model.quotas import FUNCTIONS_PER_PAGE
from ingle.store.aliases import Aliases

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateAliasRequestTypeDef,
        DeleteAliasRequestTypeDef,
        GetAliasRequestTypeDef,
        ListAliasesRequestTypeDef,
        UpdateAliasRequestTypeDef,
    )


class AliasOperations:
    """The operations on aliases."""

    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("CreateAlias", self.create_alias)
        handlers.add("GetAlias", self.get_alias)
        handlers.add("UpdateAlias", self.update_alias)
        handlers.add("DeleteAlias", self.delete_alias)
        handlers.add("ListAliases", self.list_aliases)

    async def create_alias(self, context: RequestContext, request: CreateAliasRequestTypeDef) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "CreateAlias")
        weights = (request.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        alias = Alias(
            key=reference.key,
            name=request["Name"],
            function_version=request["FunctionVersion"],
            description=request.get("Description") or "",
            revision_id=str(uuid.uuid4()),
            additional=additional_version(weights),
        )
        check_routing(alias.function_version, alias.additional)
        await self._aliases.create(alias)
        return alias.document()

    async def get_alias(self, context: RequestContext, request: GetAliasRequestTypeDef) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "GetAlias")
        found = await self._aliases.get(reference.key, request["Name"])
        if found is None:
            raise ResourceNotFound(f"Cannot find alias arn: {reference.key.qualified_arn(request['Name'])}")
        return found.document()

    async def update_alias(self, context: RequestContext, request: UpdateAliasRequestTypeDef) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "UpdateAlias")

        def change(before: Alias) -> Alias:
            return _changed(before, request)

        revision_id = request.get("RevisionId")
        updated = await self._aliases.update(reference.key, request["Name"], change, revision_id)
        return updated.document()

    async def delete_alias(self, context: RequestContext, request: DeleteAliasRequestTypeDef) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "DeleteAlias")
        await self._aliases.delete(reference.key, request["Name"])  # one that is not there is no error
        return {}

    async def list_aliases(self, context: RequestContext, request: ListAliasesRequestTypeDef) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "ListAliases")
        page = await self._aliases.page(
            reference.key,
            function_version=request.get("FunctionVersion"),
            limit=min(request.get("MaxItems") or FUNCTIONS_PER_PAGE, FUNCTIONS_PER_PAGE),
            after=_after(request.get("Marker")),
        )
        answer: Answer = {"Aliases": [alias.document() for alias in page.aliases]}
        if page.next is not None:
            answer["NextMarker"] = write_marker((page.next, 0))
        return answer


def _after(marker: str | None) -> str | None:
    position = read_marker(marker)
    return None if position is None else position[0]


def _changed(before: Alias, request: UpdateAliasRequestTypeDef) -> Alias:
    """An alias with a request's changes: what is not in it stays, an empty RoutingConfig ends the sharing."""
    routing, description = request.get("RoutingConfig"), request.get("Description")
    after = replace(
        before,
        function_version=request.get("FunctionVersion") or before.function_version,
        description=before.description if description is None else description,
        revision_id=str(uuid.uuid4()),
        additional=(
            before.additional
            if routing is None
            else additional_version(routing.get("AdditionalVersionWeights") or {})
        ),
    )
    check_routing(after.function_version, after.additional)
    return after
