"""Lambda's quotas, each figure once.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
What an invocation may carry is in `ingle.model.invocation`.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
GIB = 1024 * MIB

# Deployment packages, bytes.
CODE_SIZE_ZIPPED = 50 * MIB  # uploaded in the request itself
CODE_SIZE_UNZIPPED = 250 * MIB  # with layers; the package must stay below, not at, this size
TOTAL_CODE_SIZE = 75 * GIB  # per account and region
CREATE_REQUEST_SIZE = 70_167_211  # the whole CreateFunction request, base64 included

# Configuration.
FUNCTION_NAME_LENGTH = 64
ENVIRONMENT_SIZE = 4 * 1024  # bytes of the variables as compact JSON
TIMEOUT_SECONDS = (1, 900)
MEMORY_MB = (128, 10_240)
MIN_MANAGED_MEMORY_MB = 2_048  # of functions on managed instances, and what they have by default
EPHEMERAL_STORAGE_MB = (512, 10_240)
LAYERS = 5
RESOURCE_POLICY_SIZE = 20 * 1024  # bytes

# What a new function has where its creator does not say.
DEFAULT_TIMEOUT_SECONDS = 3
DEFAULT_MEMORY_MB = 128
DEFAULT_EPHEMERAL_STORAGE_MB = 512

# Lists.
FUNCTIONS_PER_PAGE = 50  # also where MaxItems asks for more
EVENT_SOURCE_MAPPINGS_PER_PAGE = 100
ITEMS_PER_PAGE = 50  # of resources other than functions, likewise


@dataclass(frozen=True)
class AccountLimits:
    """The quotas that AWS raises on request, so that an installation may choose them as well.

    total_code_size: bytes of all function versions and layers of an account in one region.
    unreserved_minimum: what reserved concurrency has to leave to functions without any.
    """

    total_code_size: int = TOTAL_CODE_SIZE
    concurrent_executions: int = 1_000
    unreserved_minimum: int = 100

    @property
    def unreserved_floor(self) -> int:
        """`unreserved_minimum`, or all that an account has where that is less."""
        return min(self.unreserved_minimum, self.concurrent_executions)
