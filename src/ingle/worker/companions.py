"""External extensions: the executables in /opt/extensions, running beside a runtime in its sandbox.

A sandbox runs one program, so a few words of shell go before it: they start the extensions, wait until
these have registered, which Lambda does as well, and then become the runtime. Over the program's channel
we say when to go on, and hear which extension ended with what status.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import asyncio
import shlex
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingle.runtimeapi.extensions import MAX_EXTENSIONS
from ingle.sandbox.api import Executable

_DIRECTORY = "extensions"
_MAX_UNREAD = 4_096  # bytes of one line: a name of 255 and a status
_READ = 4_096


def names(layers: Path | None) -> tuple[str, ...]:
    """The external extensions in the layers of a function, at most one more than there may be."""
    directory = layers / _DIRECTORY if layers is not None else None
    if directory is None or not directory.is_dir():
        return ()
    return tuple(sorted(one.name for one in directory.iterdir() if one.is_file())[: MAX_EXTENSIONS + 1])


def with_extensions(executable: Executable, extensions: tuple[str, ...], opt: str) -> Executable:
    """What runs `executable` once the extensions in `opt`, as seen inside, were started and we say so."""
    starts = "".join(
        f"( ( {shlex.quote(f'{opt}/{_DIRECTORY}/{name}')} 3>&-; "
        f"printf '%s %s\\n' {shlex.quote(name)} $? >&3 ) & )\n"
        for name in extensions
    )
    script = f'{starts}read -r go <&3\nexec "$@" 3>&-\n'
    return replace(executable, argv=("/bin/sh", "-c", script, "sh", *executable.argv))


class Companions:
    """Our end of the channel. `ended` hears an extension's name and exit status."""

    def __init__(self, channel: socket.socket, ended: Callable[[str, int], None]) -> None:
        self._channel = channel
        self._ended = ended
        self._unread = b""
        self._loop = asyncio.get_running_loop()
        self._went = False
        channel.setblocking(False)
        self._loop.add_reader(channel, self._readable)

    def go(self) -> None:
        """Every extension has registered: the runtime may start."""
        if not self._went and self._channel.fileno() >= 0:
            self._went = True
            self._channel.send(b"go\n", socket.MSG_NOSIGNAL)

    def _readable(self) -> None:
        try:
            data = self._channel.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            name, _, status = line.decode("utf-8", "replace").rpartition(" ")
            if status.isdigit():
                self._ended(name, int(status))
        if not data or len(self._unread) > _MAX_UNREAD:
            self.close()

    def close(self) -> None:
        """Twice is no error."""
        if self._channel.fileno() >= 0:
            self._loop.remove_reader(self._channel)
            self._channel.close()
