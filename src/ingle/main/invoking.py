"""Invoke and InvokeWithResponseStream, as two more operations of the API: their handler is the frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.frontend.frontend import Frontend
from ingle.frontend.operation import invoke
from ingle.frontend.streaming import invoke_with_response_stream

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        InvocationRequestTypeDef,
        InvokeWithResponseStreamRequestTypeDef,
    )

_STREAMING_NOTE = (
    "Custom runtimes stream; other functions answer in one chunk. TenantId has no effect, tenants share "
    "execution environments."
)
_NOTE = "InvocationType Event is refused; TenantId has no effect, tenants share execution environments."


def register_invoke(handlers: Handlers, frontend: Frontend) -> None:
    """Add Invoke, in its general way, and InvokeWithResponseStream to `handlers`."""

    async def handler(context: RequestContext, request: InvocationRequestTypeDef) -> Answer:
        return await invoke(
            frontend, context.account, context.region, context.request_id, context.trace_header, request
        )

    handlers.add("Invoke", handler, note=_NOTE)

    async def streaming_handler(
        context: RequestContext, request: InvokeWithResponseStreamRequestTypeDef
    ) -> Answer:
        return await invoke_with_response_stream(
            frontend, context.account, context.region, context.request_id, context.trace_header, request
        )

    handlers.add("InvokeWithResponseStream", streaming_handler, note=_STREAMING_NOTE)
