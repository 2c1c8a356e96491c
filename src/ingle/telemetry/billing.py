"""What an invocation would cost on AWS: us-east-1 list prices, first tier, before the free tier.

https://aws.amazon.com/lambda/pricing/
"""

from __future__ import annotations

from dataclasses import dataclass

PRICE_PER_REQUEST = 0.20 / 1_000_000  # USD
PRICE_PER_GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}  # USD
PRICE_PER_TMP_GB_SECOND = 0.0000000309  # USD, for /tmp above the 512 MB that are included
INCLUDED_TMP_MB = 512


@dataclass(frozen=True, slots=True)
class Bill:
    """The price of some invocations in USD, before the monthly free tier."""

    requests: float
    compute: float
    storage: float

    @property
    def total(self) -> float:
        return self.requests + self.compute + self.storage


def bill(billed_ms: int, memory_mb: int, tmp_mb: int = INCLUDED_TMP_MB, architecture: str = "x86_64") -> Bill:
    """The price of one invocation of `billed_ms` milliseconds at `memory_mb` MB.

    Raises KeyError for an architecture that Lambda does not have.
    """
    seconds = billed_ms / 1_000
    extra_tmp_gb = max(0, tmp_mb - INCLUDED_TMP_MB) / 1_024
    return Bill(
        requests=PRICE_PER_REQUEST,
        compute=seconds * memory_mb / 1_024 * PRICE_PER_GB_SECOND[architecture],
        storage=seconds * extra_tmp_gb * PRICE_PER_TMP_GB_SECOND,
    )
