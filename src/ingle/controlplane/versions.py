"""Versions: immutable snapshots of `$LATEST`, numbered.

https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.functions import described, listed, read_marker, write_marker
from ingle.controlplane.handlers import Answer, Handlers, RequestContext, refuse_unsupported
from ingle.controlplane.naming import own_whole_function
from ingle.model.errors import InvalidParameterValue, PreconditionFailed
from ingle.model.function import FunctionConfiguration
from ingle.model.quotas import FUNCTIONS_PER_PAGE, AccountLimits
from ingle.model.states import require_invocable, require_settled, update_in_progress
from ingle.store.functions import Functions, revision_mismatch

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        ListVersionsByFunctionRequestTypeDef,
        PublishVersionRequestTypeDef,
    )


class VersionOperations:
    """The operations on versions; creating and updating functions may publish as well."""

    def __init__(self, functions: Functions, limits: AccountLimits) -> None:
        self._functions = functions
        self._limits = limits

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("PublishVersion", self.publish_version)
        handlers.add("ListVersionsByFunction", self.list_versions_by_function)

    async def publish_version(self, context: RequestContext, request: PublishVersionRequestTypeDef) -> Answer:
        action, name = "PublishVersion", request["FunctionName"]
        reference = own_whole_function(context, name, action, latest_too=True)
        refuse_unsupported(request, {"PublishTo": "publishing to $LATEST.PUBLISHED"})
        latest = await self._functions.get(reference.key)
        if latest is None:
            raise reference.not_found()
        revision_id = request.get("RevisionId")
        _check_preconditions(latest.configuration, revision_id, request.get("CodeSha256"))
        require_settled(latest.configuration.state, latest.configuration.last_update_status, reference.arn)
        require_invocable(latest.configuration.state)
        try:
            published = await self._functions.publish(
                latest, request.get("Description"), total_code_size=self._limits.total_code_size
            )
        except PreconditionFailed:
            if revision_id:
                raise
            raise update_in_progress(reference.arn) from None  # of another client, between our two looks
        return described(published, qualified=True)

    async def list_versions_by_function(
        self, context: RequestContext, request: ListVersionsByFunctionRequestTypeDef
    ) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "ListVersionsByFunction")
        page = await self._functions.versions(
            reference.key,
            limit=min(request.get("MaxItems") or FUNCTIONS_PER_PAGE, FUNCTIONS_PER_PAGE),
            after=read_marker(request.get("Marker")),
        )
        if not page.versions and await self._functions.get(reference.key) is None:
            raise reference.not_found()
        answer: Answer = {"Versions": [listed(version, qualified=True) for version in page.versions]}
        if page.next is not None:
            answer["NextMarker"] = write_marker(page.next)
        return answer


def _check_preconditions(
    latest: FunctionConfiguration, revision_id: str | None, code_sha256: str | None
) -> None:
    if revision_id and revision_id != latest.revision_id:
        raise revision_mismatch()
    if code_sha256 and code_sha256 != latest.code_sha256:
        raise InvalidParameterValue(
            f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST "
            f"({latest.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
