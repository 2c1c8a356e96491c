"""The framed channel, seen from the runtime: see docs/decisions/0003-framed-channel.md."""

import os
import socket
import struct
import threading
from collections import deque
from typing import Deque, Optional, Tuple

INIT = 1
INVOKE = 2
READY = 16
INIT_ERROR = 17
RESPONSE = 18
ERROR = 19
LOG = 20

_HEADER = struct.Struct(">BI")
_BUFFER = 64 * 1024  # an INVOKE up to this size arrives in one system call
_JOIN = 64 * 1024  # an answer up to this size is copied behind its header and leaves in one system call


class ChannelClosed(Exception):
    """The node has closed the channel, or this process is a forked child that does not own it."""


class Channel:
    """One end of the stream. `receive` is for the main thread; `send` for any thread."""

    def __init__(self, fd: int) -> None:
        """Takes over `fd`, a connected AF_UNIX stream socket; what is executed does not inherit it."""
        os.set_inheritable(fd, False)
        self._socket: Optional[socket.socket] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fd)
        self._socket.settimeout(None)  # the node holds the deadlines: it freezes or kills this process
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        self._lock = threading.RLock()
        self._sending = False
        self._waiting: Deque[Tuple[bytes, bytes]] = deque()

    @property
    def owned(self) -> bool:
        """False in a forked child, whose frames would be torn between those of its parent."""
        return self._socket is not None

    def disown(self) -> None:
        """Give the channel up in a forked child: the parent's stays open."""
        self._lock = threading.RLock()  # another thread of the parent may have held the old one
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def receive(self) -> Tuple[int, bytes]:
        """Return type and payload of the next frame. Raises ChannelClosed at the end of the stream."""
        while self._end - self._start < _HEADER.size:
            self._fill()
        kind, length = _HEADER.unpack_from(self._buffer, self._start)
        begin = self._start + _HEADER.size
        stop = begin + length
        if stop <= self._end:
            self._start = stop
            return kind, bytes(self._view[begin:stop])
        head = bytes(self._view[begin : self._end])
        self._start = self._end = 0
        return kind, head + self._exactly(length - len(head))

    def send(self, kind: int, head: bytes, body: bytes = b"") -> None:
        """Write one frame whose payload is `head` and `body`. Raises ChannelClosed if the node is gone.

        A signal handler that logs may interrupt a frame of its own thread: its frame waits for that one.
        """
        header = _HEADER.pack(kind, len(head) + len(body)) + head
        with self._lock:
            self._waiting.append((header, body))
            if self._sending:
                return
            self._sending = True
            try:
                while self._waiting:
                    self._write(*self._waiting.popleft())
            finally:
                self._sending = False

    def _write(self, header: bytes, body: bytes) -> None:
        if self._socket is None:
            raise ChannelClosed("a forked child does not own the channel")
        try:
            if len(body) <= _JOIN:
                self._socket.sendall(header + body)
            else:
                self._socket.sendall(header)
                self._socket.sendall(body)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChannelClosed(str(error)) from error

    def _fill(self) -> None:
        """Read what has come into the buffer; a frame's beginning at its very end is moved to the front."""
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end + _HEADER.size > _BUFFER:
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start : self._end]
            self._start, self._end = 0, rest
        self._end += self._read_into(self._view[self._end :])

    def _read_into(self, space: memoryview) -> int:
        if self._socket is None:
            raise ChannelClosed("a forked child does not own the channel")
        try:
            count = self._socket.recv_into(space)
        except ConnectionResetError as error:
            raise ChannelClosed(str(error)) from error
        if not count:
            raise ChannelClosed("the node has closed the channel")
        return count

    def _exactly(self, count: int) -> bytes:
        payload = bytearray(count)
        space = memoryview(payload)
        done = 0
        while done < count:
            done += self._read_into(space[done:])
        return bytes(payload)
