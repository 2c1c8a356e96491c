"""A way out for sandboxes: a veth pair each, and one table of nftables rules for all of an instance's.

A sandbox reaches the outside as the host does, and nothing else: no service of the host at any of its
addresses, no other sandbox, no link-local address (where clouds keep their metadata). Nothing from outside
reaches a sandbox that did not ask first. Names carry the instance, so that what a killed launcher left is
found and no other's is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from ingle.sandbox.kernel import Kernel
from ingle.sandbox.network.rtnetlink import RouteSocket

IP_FORWARD = "/proc/sys/net/ipv4/ip_forward"
_SWITCHED = "switched-forwarding-on"
_NFT_PATIENCE = 10.0  # seconds
_PREFIX = 30  # each sandbox has a /30: the host's end first, then its own
_NUMBERS = 1 << 14  # how many of those there are in a /16

_RULES = """
table inet {table} {{
  chain forward {{
    type filter hook forward priority -1; policy accept;
    iifname "{link}*" ip daddr 169.254.0.0/16 drop
    iifname "{link}*" ip daddr {subnet}.0.0/16 drop
    iifname "{link}*" oifname "ig*" drop
    iifname "{link}*" meta nfproto ipv6 drop
    oifname "{link}*" ct state established,related accept
    oifname "{link}*" drop
  }}
  chain input {{
    type filter hook input priority -1; policy accept;
    iifname "{link}*" drop
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {subnet}.0.0/16 oifname != "ig*" masquerade
  }}
}}
"""


class NatUnavailable(OSError):
    """NAT cannot be had here, and how to get it."""


class Nat:
    """One instance's. instance: "ingle-" and eight hexadecimal digits; subnet: as in `HostConfig`;
    state_dir: the directory that all instances of this host share."""

    def __init__(self, kernel: Kernel, instance: str, subnet: str, state_dir: str) -> None:
        self._kernel = kernel
        self._table = table_of(instance)
        self._link = link_of(instance)
        self._subnet = subnet
        self._nft = find_nft()
        self._host = RouteSocket()
        self._last = -1
        self._namespace = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._state_dir = state_dir

    def open(self) -> None:
        """Write the rules, and let the host forward. Raises NatUnavailable."""
        run_nft(self._nft, _RULES.format(table=self._table, link=self._link, subnet=self._subnet))
        switch_forwarding_on(self._kernel, self._state_dir)
        self._host.add_veth(f"{self._link}a", f"{self._link}b", self._namespace)  # shows that it can be done
        self._host.delete(f"{self._link}a")

    def number(self) -> int:
        """A number for a new sandbox's pair. They go round: a pair goes with its network namespace, and the
        kernel takes its time with that, so a number is not taken again soon."""
        self._last = (self._last + 1) % _NUMBERS
        return self._last

    def inside(self, number: int) -> Callable[[], None]:
        """What a fresh network namespace does to get its end, from within."""
        link, (gateway, address) = f"{self._link}{number}", self._addresses(number)

        def connect() -> None:
            route = RouteSocket()
            route.add_veth("eth0", link, self._namespace)
            route.add_address("eth0", address, _PREFIX)
            route.up("eth0")
            route.add_default_route("eth0", gateway)
            route.close()

        return connect

    def outside(self, number: int) -> None:
        """Set up the host's end."""
        link = f"{self._link}{number}"
        self._host.add_address(link, self._addresses(number)[0], _PREFIX)
        self._host.up(link)

    def close(self) -> None:
        remove_table(self._nft, self._table)
        restore_forwarding(self._kernel, self._nft, self._state_dir)
        self._host.close()
        os.close(self._namespace)

    def _addresses(self, number: int) -> tuple[str, str]:
        first = number * 4
        return tuple(f"{self._subnet}.{first >> 8}.{(first & 255) + end}" for end in (1, 2))  # type: ignore[return-value]  # two of them


def switch_forwarding_on(kernel: Kernel, state_dir: str) -> None:
    """Let the host forward, noting in the state directory that it did not before."""
    if kernel.read(IP_FORWARD).strip() != "1":
        with open(os.path.join(state_dir, _SWITCHED), "w"):
            kernel.write(IP_FORWARD, "1")


def restore_forwarding(kernel: Kernel, nft: str, state_dir: str) -> None:
    """Undo `switch_forwarding_on`, when no other instance has rules any more."""
    marker = os.path.join(state_dir, _SWITCHED)
    if os.path.exists(marker) and "table inet ingle_" not in run_nft(nft, "list tables"):
        kernel.write(IP_FORWARD, "0")
        os.unlink(marker)


def remove_table(nft: str, table: str) -> None:
    # Added first, so that deleting it is no error where it is gone already.
    run_nft(nft, f"add table inet {table}\ndelete table inet {table}")


def table_of(instance: str) -> str:
    return instance.replace("-", "_")


def link_of(instance: str) -> str:
    """The beginning of its interfaces' names, which have 15 characters at most."""
    return "ig" + instance[-8:-2] + "-"


def find_nft() -> str:
    path = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin")
    if path is None:
        raise NatUnavailable("the command nft is missing (apt install nftables)")
    return path


def run_nft(nft: str, script: str) -> str:
    """Apply a script, all of it or nothing; what it prints. Raises NatUnavailable with what nft said."""
    try:
        done = subprocess.run(
            [nft, "-f", "-"], input=script, text=True, capture_output=True, timeout=_NFT_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise NatUnavailable("nft did not end in time") from None
    if done.returncode != 0:
        raise NatUnavailable(f"nft: {done.stderr.strip()[:500]}")
    return done.stdout
