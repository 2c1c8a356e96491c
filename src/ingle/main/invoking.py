"""Invoke, as one more operation of the API: its handler is the frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.frontend.frontend import Frontend
from ingle.frontend.operation import invoke

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import InvocationRequestTypeDef

_NOTE = "InvocationType Event is refused; TenantId has no effect, tenants share execution environments."


def register_invoke(handlers: Handlers, frontend: Frontend) -> None:
    """Add Invoke, in its general way, to `handlers`."""

    async def handler(context: RequestContext, request: InvocationRequestTypeDef) -> Answer:
        return await invoke(
            frontend, context.account, context.region, context.request_id, context.trace_header, request
        )

    handlers.add("Invoke", handler, note=_NOTE)
