"""Messages survive the wire; anything else is Malformed, whatever it is."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox.api import Bind, Executable, Limits, SandboxSpec
from ingle.sandbox.config import HostConfig
from ingle.sandbox.datagrams import MAX_BYTES, Malformed, Port, decode, encode, send_descriptors
from ingle.sandbox.protocol import TO_LAUNCHER, Create, Launch, Stop

TAKES = {kind.__name__: kind for kind in TO_LAUNCHER}
WORDS = st.text(max_size=20)
LIMITS = st.builds(
    Limits,
    memory_bytes=st.integers(),
    tmp_bytes=st.integers(),
    cpu_share=st.integers(),
    cpu_quota=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
SPECS = st.builds(
    SandboxSpec, name=WORDS, limits=LIMITS, binds=st.lists(st.builds(Bind, WORDS, WORDS)).map(tuple)
)
EXECUTABLES = st.builds(Executable, st.lists(WORDS).map(tuple), st.dictionaries(WORDS, WORDS), WORDS)
MESSAGES = st.one_of(
    st.builds(Create, st.integers(), SPECS),
    st.builds(Launch, st.integers(), WORDS, WORDS | EXECUTABLES),
    st.builds(Stop, st.integers(), WORDS),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    max_leaves=20,
)


@given(MESSAGES)
def test_what_is_written_is_read(message: object) -> None:
    assert decode(encode(message), TAKES) == message


def test_a_configuration_survives_too() -> None:
    config = HostConfig(roots=("/a",), level="rootless", ports=(1, 2))
    assert decode(encode(config), TAKES) == config


@given(st.binary(max_size=200))
def test_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data, TAKES)


@given(st.sampled_from(sorted(TAKES)), JSON)
def test_fields_of_other_types_are_malformed(name: str, fields: object) -> None:
    import json

    try:
        message = decode(json.dumps([name, fields]).encode(), TAKES)
    except Malformed:
        return
    assert decode(encode(message), TAKES) == message


@pytest.mark.parametrize(
    "data",
    [
        b'["Stop", {"id": true, "name": "x"}]',
        b'["Stop", {"id": 1.0, "name": "x"}]',
        b'["Stop", {"id": 1, "name": "x", "more": 1}]',
        b'["Stop", {"id": 1}]',
        b'["Stop", [1, "x"]]',
        b'["Signal", {"name": "x", "action": "explode"}]',
    ],
)
def test_near_misses_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data, TAKES)


def test_a_message_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(ValueError, match="bytes"):
        encode(Stop(1, "x" * MAX_BYTES))


def test_descriptors_of_a_malformed_message_are_closed() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        send_descriptors(ours, b"nonsense", [0, 1, 2])
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(Malformed):
            Port(theirs, TO_LAUNCHER).receive()
        assert len(os.listdir("/proc/self/fd")) == before


def test_the_end_is_none() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        ours.close()
        assert Port(theirs, TO_LAUNCHER).receive() is None
