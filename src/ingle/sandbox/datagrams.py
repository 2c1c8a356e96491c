"""Typed messages over a SEQPACKET socket: one JSON object a datagram, descriptors beside it.

A message is a frozen dataclass from a closed set; `Port` writes and reads them. What is read is checked
against the dataclass's field types before anyone sees it, so that a datagram from a compromised peer is
either a well-formed message or a `Malformed` error, with every descriptor that came with it closed.
"""

from __future__ import annotations

import array
import dataclasses
import functools
import json
import os
import socket
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

MAX_BYTES = 128 * 1024
MAX_DESCRIPTORS = 64


class Malformed(Exception):
    """A datagram that is none of the messages of this port."""


class Port:
    """One end of a SEQPACKET pair that takes the message types `takes`.

    Sending a message to a full or closed socket raises OSError (BlockingIOError when not blocking).
    """

    def __init__(self, sock: socket.socket, takes: Sequence[type]) -> None:
        self.sock = sock
        self._takes = {kind.__name__: kind for kind in takes}

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, message: object, fds: Sequence[int] = ()) -> None:
        send_descriptors(self.sock, encode(message), fds)

    def receive(self) -> tuple[Any, list[int]] | None:
        """The next message and its descriptors (the caller's from now on); None at the end.

        Raises Malformed, and BlockingIOError when there is nothing yet."""
        space = socket.CMSG_SPACE(MAX_DESCRIPTORS * 4)
        data, ancillary, flags, _ = self.sock.recvmsg(MAX_BYTES, space, socket.MSG_CMSG_CLOEXEC)
        fds = _descriptors(ancillary)
        if not data:
            _close(fds)
            return None
        try:
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise Malformed("truncated")
            return decode(data, self._takes), fds
        except Malformed:
            _close(fds)
            raise

    def close(self) -> None:
        self.sock.close()


def send_descriptors(sock: socket.socket, data: bytes, fds: Sequence[int]) -> None:
    """One datagram with descriptors beside it."""
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([data], ancillary, socket.MSG_NOSIGNAL)


def encode(message: object) -> bytes:
    """The datagram of a message. Raises ValueError above MAX_BYTES."""
    assert dataclasses.is_dataclass(message)
    data = json.dumps([type(message).__name__, message], default=vars).encode()
    if len(data) > MAX_BYTES:
        raise ValueError(f"message of {len(data)} bytes")
    return data


def decode(data: bytes, takes: Mapping[str, type]) -> Any:
    """The message in a datagram. Raises Malformed."""
    try:
        name, fields = json.loads(data)
        kind = takes[name]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Malformed("not a message of this port") from None
    return build(kind, fields)


def build(kind: type, fields: object) -> Any:
    """An instance of the dataclass `kind` from a JSON object, each field of its declared type."""
    if not isinstance(fields, dict):
        raise Malformed(f"{kind.__name__} is not an object")
    hints = _hints(kind)
    if not fields.keys() <= hints.keys():
        raise Malformed(f"{kind.__name__} has unknown fields")
    try:
        return kind(**{name: _value(hints[name], value) for name, value in fields.items()})
    except TypeError:
        raise Malformed(f"{kind.__name__} lacks a field") from None


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@functools.cache
def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return typing.get_origin(hint), typing.get_args(hint)


def _value(hint: Any, value: object) -> Any:
    """`value` as the type `hint`; JSON's lists become tuples. Raises Malformed."""
    if type(value) is hint:  # exact: True is no int here
        return value
    origin, arguments = _parts(hint)
    if origin is typing.Literal:
        if isinstance(value, str) and value in arguments:
            return value
    elif origin in (types.UnionType, typing.Union):
        return _any_of(arguments, value)
    elif origin is tuple:
        if isinstance(value, list):
            return tuple(_value(arguments[0], item) for item in value)
    elif origin is not None and issubclass(origin, Mapping):
        if isinstance(value, dict):
            return {key: _value(arguments[1], item) for key, item in value.items()}
    elif dataclasses.is_dataclass(hint):
        return build(typing.cast(type, hint), value)
    elif hint is float and type(value) is int:
        return float(value)
    raise Malformed(f"{value!r:.80} is not {hint}")


def _any_of(alternatives: tuple[Any, ...], value: object) -> Any:
    if value is None and type(None) in alternatives:
        return None
    for alternative in alternatives:
        if alternative is type(None):
            continue
        try:
            return _value(alternative, value)
        except Malformed:
            continue
    raise Malformed(f"{value!r:.80} is none of {alternatives}")


def _descriptors(ancillary: Sequence[tuple[int, int, bytes]]) -> list[int]:
    fds = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
