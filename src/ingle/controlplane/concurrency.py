"""Reserved concurrency: a function's part of the account's, neither more nor less.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html and its neighbours. The counter
acts upon it; it is told of everything reserved at the start of a node and at each change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.controlplane.naming import own_whole_function
from ingle.counting.counter import Counter
from ingle.model.names import LATEST, FunctionKey, FunctionReference
from ingle.store.concurrency import Concurrency
from ingle.store.functions import Functions

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        DeleteFunctionConcurrencyRequestTypeDef,
        GetFunctionConcurrencyRequestTypeDef,
        PutFunctionConcurrencyRequestTypeDef,
    )


class ConcurrencyOperations:
    """The operations on reserved concurrency."""

    def __init__(self, functions: Functions, concurrency: Concurrency, counter: Counter) -> None:
        self._functions = functions
        self._concurrency = concurrency
        self._counter = counter
        functions.on_delete(self._forget)

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("PutFunctionConcurrency", self.put_function_concurrency)
        handlers.add("GetFunctionConcurrency", self.get_function_concurrency)
        handlers.add("DeleteFunctionConcurrency", self.delete_function_concurrency)

    async def put_function_concurrency(
        self, context: RequestContext, request: PutFunctionConcurrencyRequestTypeDef
    ) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "PutFunctionConcurrency")
        reserved = request["ReservedConcurrentExecutions"]
        if not await self._concurrency.reserve(reference.key, reserved):
            raise FunctionReference(reference.key, LATEST).not_found()  # qualified, as AWS says it here
        self._apply(reference.key, reserved)
        return {"ReservedConcurrentExecutions": reserved}

    async def get_function_concurrency(
        self, context: RequestContext, request: GetFunctionConcurrencyRequestTypeDef
    ) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "GetFunctionConcurrency")
        reserved = await self._functions.reserved_concurrency(reference.key)
        if reserved is not None:
            return {"ReservedConcurrentExecutions": reserved}
        if await self._functions.get(reference.key) is None:
            raise reference.not_found()
        return {}

    async def delete_function_concurrency(
        self, context: RequestContext, request: DeleteFunctionConcurrencyRequestTypeDef
    ) -> Answer:
        reference = own_whole_function(context, request["FunctionName"], "DeleteFunctionConcurrency")
        if not await self._concurrency.reserve(reference.key, None):
            raise reference.not_found()
        self._apply(reference.key, None)
        return {}

    def _apply(self, key: FunctionKey, reserved: int | None) -> None:
        self._counter.reserve((key.account, key.region), key.name, reserved)

    def _forget(self, key: FunctionKey) -> None:
        self._counter.forget((key.account, key.region), key.name)


async def restore_reserved(concurrency: Concurrency, counter: Counter) -> None:
    """Tell the counter of a starting node what is reserved."""
    for key, reserved in await concurrency.all_reserved():
        counter.reserve((key.account, key.region), key.name, reserved)
