"""How much is measured: a look, or the whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """rounds: of each comparison. seconds: of one warm round. cold: samples a round. burst: environments made
    for rate and memory. functions: deployed for the figure of a full node."""

    rounds: int = 7
    seconds: float = 1.0
    cold: int = 12
    burst: int = 200
    functions: int = 10_000


QUICK = Scale(rounds=3, seconds=0.4, cold=6, burst=40, functions=300)
WHOLE = Scale()
