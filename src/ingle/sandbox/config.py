"""What the launcher is started with: given once, by a node that is still trusted, and never changed."""

from __future__ import annotations

from dataclasses import dataclass

from ingle.sandbox.api import Level, Network, Zygote

ENDPOINT_PORT = 4566
RUNTIME_API_PORT = 9001

EXECUTOR = "-"  # the name of the zygote that runs executables; no user's zygote may have it


@dataclass(frozen=True)
class HostConfig:
    """How sandboxes are to be made on this host.

    roots: absolute host directories below which every `Bind.source` must lie, as the launcher resolves it.
    level: the level wanted, or None for the best one that works here.
    network: "nat" falls back to "none", aloud (`Isolation.lacks`), where it cannot be had.
    ports: TCP ports to listen on at 127.0.0.1 inside each sandbox.
    prepared: how many empty sandboxes are kept prepared ahead of need. ahead: how many more at most, for
    each program in use, with that program already running in them. limit: how many may exist at once.
    state_dir: where the launcher notes what it holds on the host, so that the next start can clean up after
    a killed one; None for `/run/ingle` (root) or `$XDG_RUNTIME_DIR/ingle`.
    uid_base: sandbox number n runs under the user id uid_base + n (`namespaces`, and `process` as root).
    subnet: the /16 that sandboxes get their addresses from with "nat", its first two numbers.
    """

    roots: tuple[str, ...]
    zygotes: tuple[Zygote, ...] = ()
    level: Level | None = None
    network: Network = "nat"
    ports: tuple[int, ...] = (ENDPOINT_PORT, RUNTIME_API_PORT)
    prepared: int = 4
    ahead: int = 4
    limit: int = 4096
    state_dir: str | None = None
    uid_base: int = 1_900_000_000
    subnet: str = "10.213"
