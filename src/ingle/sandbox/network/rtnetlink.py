"""The few rtnetlink requests that a veth pair needs. See rtnetlink(7), netlink(7)."""

from __future__ import annotations

import os
import socket
import struct

_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_EXCL, _NLM_F_CREATE = 1, 4, 0x200, 0x400
_NLMSG_ERROR = 2
_RTM_NEWLINK, _RTM_DELLINK, _RTM_NEWADDR, _RTM_NEWROUTE = 16, 17, 20, 24
_IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 3, 18, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_GATEWAY, _RTA_OIF = 5, 4
_IFF_UP = 1
_TIMEOUT = 5.0  # seconds; the kernel answers at once or something is very wrong


class RouteSocket:
    """A NETLINK_ROUTE socket in the network namespace in which it was made. Raises OSError."""

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        self._sock.settimeout(_TIMEOUT)
        self._sock.bind((0, 0))
        self._sequence = 0

    def close(self) -> None:
        self._sock.close()

    def add_veth(self, name: str, peer: str, peer_namespace: int) -> None:
        """Make a veth pair: `name` here, `peer` in the network namespace of that descriptor."""
        there = _attribute(_IFLA_IFNAME, peer.encode() + b"\0")
        there += _attribute(_IFLA_NET_NS_FD, struct.pack("I", peer_namespace))
        data = _attribute(_VETH_INFO_PEER, _link(0, 0) + there)
        info = _attribute(_IFLA_INFO_KIND, b"veth\0") + _attribute(_IFLA_INFO_DATA, data)
        body = (
            _link(0, 0) + _attribute(_IFLA_IFNAME, name.encode() + b"\0") + _attribute(_IFLA_LINKINFO, info)
        )
        self._request(_RTM_NEWLINK, body, _NLM_F_CREATE | _NLM_F_EXCL)

    def delete(self, name: str) -> None:
        self._request(_RTM_DELLINK, _link(0, 0) + _attribute(_IFLA_IFNAME, name.encode() + b"\0"))

    def up(self, name: str) -> None:
        body = _link(_IFF_UP, _IFF_UP) + _attribute(_IFLA_IFNAME, name.encode() + b"\0")
        self._request(_RTM_NEWLINK, body)

    def add_address(self, name: str, address: str, prefix: int) -> None:
        packed = socket.inet_aton(address)
        body = struct.pack("BBBBI", socket.AF_INET, prefix, 0, 0, socket.if_nametoindex(name))
        body += _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
        self._request(_RTM_NEWADDR, body, _NLM_F_CREATE | _NLM_F_EXCL)

    def add_default_route(self, name: str, gateway: str) -> None:
        # family, lengths, tos, table main, protocol boot, scope universe, type unicast, flags
        body = struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 3, 0, 1, 0)
        body += _attribute(_RTA_GATEWAY, socket.inet_aton(gateway))
        body += _attribute(_RTA_OIF, struct.pack("I", socket.if_nametoindex(name)))
        self._request(_RTM_NEWROUTE, body, _NLM_F_CREATE | _NLM_F_EXCL)

    def _request(self, kind: int, body: bytes, flags: int = 0) -> None:
        self._sequence += 1
        header = struct.pack(
            "IHHII", 16 + len(body), kind, _NLM_F_REQUEST | _NLM_F_ACK | flags, self._sequence, 0
        )
        self._sock.send(header + body)
        while True:
            answer = self._sock.recv(65536)
            _, answered, _, sequence, _ = struct.unpack_from("IHHII", answer)
            if answered == _NLMSG_ERROR and sequence == self._sequence:
                number = -struct.unpack_from("i", answer, 16)[0]
                if number:
                    raise OSError(number, f"rtnetlink request {kind}: {os.strerror(number)}")
                return


def _link(flags: int, change: int) -> bytes:
    return struct.pack("BxHiII", socket.AF_UNSPEC, 0, 0, flags, change)


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)
