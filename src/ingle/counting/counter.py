"""Concurrency, counted: who may start one more invocation, and why not. Arithmetic only.

An account and region has a limit. A function with reserved concurrency has that much for itself, neither
more nor less; all other functions share what is left ("unreserved").
https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingle.model.errors import TooManyRequests

Scope = tuple[str, str]  # account, region


@dataclass(slots=True)
class FunctionCount:
    """One function's invocations in flight."""

    pool: Pool
    reserved: int | None = None
    in_flight: int = 0

    @property
    def shared(self) -> int:
        """How many of them use the unreserved concurrency: all, or those above what is reserved (it may have
        been lowered meanwhile)."""
        return max(0, self.in_flight - (self.reserved or 0))

    def release(self) -> None:
        """Give back what `take` took: once for each."""
        assert self.in_flight > 0
        before = self.shared
        self.in_flight -= 1
        self.pool.unreserved_in_flight += self.shared - before


@dataclass(slots=True)
class Pool:
    """One account and region."""

    limit: int
    reserved: int = 0
    unreserved_in_flight: int = 0
    functions: dict[str, FunctionCount] = field(default_factory=dict)

    @property
    def unreserved(self) -> int:
        """What functions without reserved concurrency may use together."""
        return self.limit - self.reserved


class Counter:
    """All accounts and regions of this node. `limit` is the account limit that each of them has."""

    def __init__(self, limit: int = 1_000) -> None:
        self._limit = limit
        self._pools: dict[Scope, Pool] = {}

    def take(self, scope: Scope, function: str) -> FunctionCount:
        """Count one more invocation of `function`; the caller releases what it gets.

        Raises TooManyRequests with AWS's Reason, and counts nothing.
        """
        pool = self._pools.get(scope) or self._pools.setdefault(scope, Pool(self._limit))
        count = pool.functions.get(function) or pool.functions.setdefault(function, FunctionCount(pool))
        if count.reserved is not None:
            if count.in_flight >= count.reserved:
                raise TooManyRequests(
                    "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded", retry_after=1
                )
        elif pool.unreserved_in_flight >= pool.unreserved:
            raise TooManyRequests("Rate Exceeded.", "ConcurrentInvocationLimitExceeded", retry_after=1)
        else:
            pool.unreserved_in_flight += 1
        count.in_flight += 1
        return count

    def reserve(self, scope: Scope, function: str, reserved: int | None) -> None:
        """Set (with None: remove) the reserved concurrency of `function`; what is in flight stays counted."""
        pool = self._pools.setdefault(scope, Pool(self._limit))
        count = pool.functions.setdefault(function, FunctionCount(pool))
        before = count.shared
        pool.reserved += (reserved or 0) - (count.reserved or 0)
        count.reserved = reserved
        pool.unreserved_in_flight += count.shared - before

    def forget(self, scope: Scope, function: str) -> None:
        """The function is gone: its reservation goes with it."""
        self.reserve(scope, function, None)
        pool = self._pools[scope]
        if pool.functions[function].in_flight == 0:
            del pool.functions[function]

    def in_flight(self, scope: Scope) -> int:
        """Invocations in flight in an account and region."""
        pool = self._pools.get(scope)
        return sum(count.in_flight for count in pool.functions.values()) if pool else 0
