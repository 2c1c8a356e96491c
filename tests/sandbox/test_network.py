"""The way out, and what is not reachable by it. All of it happens in network namespaces made for the test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import require

ROOT = Path(__file__).resolve().parents[2]

# Runs as "the host": a network namespace of its own, with "the outside" one veth pair further.
HOST = """
    import asyncio, ctypes, ipaddress, json, os, socket, subprocess, sys, textwrap, time
    from pathlib import Path
    from tests.sandbox.harness import config, staged

    def ip(line):
        subprocess.run(["ip", *line.split()], check=True)

    def serve(address, port):
        server = socket.create_server((address, port))
        if os.fork() == 0:
            while True:
                connection, peer = server.accept()
                connection.sendall(peer[0].encode())
                connection.close()
        server.close()

    def outside():
        ip("link set lo up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("0")  # a fresh namespace copies the machine's
        read, write = os.pipe()
        holder = os.fork()
        if holder == 0:
            os.setsid()
            ctypes.CDLL(None).unshare(0x40000000)
            os.write(write, b"x")
            while not any(name == "out" for _, name in socket.if_nameindex()):
                time.sleep(0.005)
            ip("link set lo up")
            ip("addr add 192.0.2.2/24 dev out")
            ip("addr add 169.254.169.254/32 dev out")
            ip("link set out up")
            serve("0.0.0.0", 80)
            os.write(write, b"x")
            time.sleep(60)
        os.read(read, 1)
        ip(f"link add hostout type veth peer name out netns {holder}")
        ip("addr add 192.0.2.1/24 dev hostout")
        ip("link set hostout up")
        ip("route add 169.254.169.254/32 dev hostout")
        os.read(read, 1)

    TRY = '''
    import socket
    try:
        with socket.create_connection((%r, %d), timeout=0.4) as s: result = s.recv(100).decode()
    except OSError as error: result = type(error).__name__
    '''

    OTHER = textwrap.dedent('''
    import builtins, socket
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.connect(("192.0.2.2", 9))
    result = probe.getsockname()[0]
    builtins.held = socket.create_server(("0.0.0.0", 8080))
    ''')

    async def main():
        directory = Path(sys.argv[1])
        wanted = config(directory, network="nat")
        found = {}
        async with staged(directory, wanted) as stage:
            found["isolation"] = [stage.host.isolation.network, *stage.host.isolation.lacks]
            one, two = await stage.puppet(), await stage.puppet()
            def reach(puppet, address, port):
                return puppet.run(textwrap.dedent(TRY) % (address, port))
            other = await two.run(OTHER)
            gateway = str(ipaddress.ip_address(other) - 1)
            found["outside"] = await reach(one, "192.0.2.2", 80)
            found["host by its address"] = await reach(one, "192.0.2.1", 81)
            found["host by the gateway"] = await reach(one, gateway, 81)
            found["host's loopback"] = await reach(one, "127.0.0.1", 82)
            found["other sandbox"] = await reach(one, other, 8080)
            found["other sandbox's listener"] = await reach(one, other, 9001)
            found["metadata"] = await reach(one, "169.254.169.254", 80)
            found["forward while up"] = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
        found["forward after"] = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
        listed = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True)
        found["rules after"] = listed.stdout
        print(json.dumps(found))

    outside()
    serve("0.0.0.0", 81)
    serve("127.0.0.1", 82)
    asyncio.run(main())
    os.killpg(0, 15)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a sandbox found of the world, by where it tried."""
    require(os.geteuid() == 0, "root")
    for command in ("nft", "ip", "unshare"):
        require(shutil.which(command) is not None, command)
    directory = tmp_path_factory.mktemp("nat")
    argv = [
        "unshare",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        sys.executable,
        "-c",
        textwrap.dedent(HOST),
    ]
    done = subprocess.run(
        [*argv, str(directory)], cwd=ROOT, capture_output=True, text=True, timeout=60, start_new_session=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr
    return json.loads(lines[-1])


def test_the_outside_is_reached_under_the_hosts_address(found: Any) -> None:
    assert found["isolation"][0] == "nat", found["isolation"]
    assert found["outside"] == "192.0.2.1"


@pytest.mark.parametrize(
    "where",
    [
        "host by its address",
        "host by the gateway",
        "host's loopback",
        "other sandbox",
        "other sandbox's listener",
        "metadata",
    ],
)
def test_it_cannot_be_reached(found: Any, where: str) -> None:
    assert found[where] in ("TimeoutError", "ConnectionRefusedError", "OSError"), found[where]


def test_rules_and_forwarding_are_as_before_when_it_ends(found: Any) -> None:
    assert found["forward while up"] == "1"
    assert found["forward after"] == "0"
    assert "ingle" not in found["rules after"]
