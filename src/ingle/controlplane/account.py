"""The account: its limits, and what it uses of them.

https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext
from ingle.model.quotas import CODE_SIZE_UNZIPPED, CODE_SIZE_ZIPPED, AccountLimits
from ingle.store.concurrency import Concurrency
from ingle.store.functions import Functions

if TYPE_CHECKING:
    from collections.abc import Mapping


class AccountOperations:
    """The one operation on accounts."""

    def __init__(self, functions: Functions, concurrency: Concurrency, limits: AccountLimits) -> None:
        self._functions = functions
        self._concurrency = concurrency
        self._limits = limits

    def register(self, handlers: Handlers) -> None:
        """Add this operation to `handlers`."""
        handlers.add("GetAccountSettings", self.get_account_settings)

    async def get_account_settings(self, context: RequestContext, request: Mapping[str, object]) -> Answer:
        usage = await self._functions.usage(context.account, context.region)
        unreserved = await self._concurrency.unreserved(context.account, context.region)
        return {
            "AccountLimit": {
                "TotalCodeSize": self._limits.total_code_size,
                "CodeSizeUnzipped": CODE_SIZE_UNZIPPED,
                "CodeSizeZipped": CODE_SIZE_ZIPPED,
                "ConcurrentExecutions": self._limits.concurrent_executions,
                "UnreservedConcurrentExecutions": unreserved,
            },
            "AccountUsage": {
                "TotalCodeSize": usage.total_code_size,
                "FunctionCount": usage.function_count,
            },
        }
