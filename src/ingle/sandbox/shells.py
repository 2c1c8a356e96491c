"""The driver of `namespaces` and `rootless`: shells prepared ahead of need."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ingle.sandbox.place import Place
from ingle.sandbox.shell import Shell
from ingle.sandbox.world import PATIENCE, World

Take = Callable[[Place | None, str], None]
_MOST_WAITING = 1024
_TRIES_AFTER_FAILURE = 1.0  # seconds until preparing is tried again after it failed


class Shells:
    """Keeps `config.prepared` shells ready; makes one on the spot when there is none."""

    binds_late = True

    def __init__(self, world: World) -> None:
        self._world = world
        self._ready: deque[Shell] = deque()
        self._making = 0
        self._waiting: deque[Take] = deque()
        self._closing: Callable[[], None] | None = None
        self._ending = 0
        self._pausing = False

    def take(self, then: Take) -> None:
        if self._ready:
            then(self._ready.popleft(), "")
        elif len(self._waiting) >= _MOST_WAITING:
            then(None, "too many sandboxes are being made")
        else:
            self._waiting.append(then)
            if self._making < len(self._waiting):
                self._make()

    def idle(self) -> bool:
        wanted = self._world.config.prepared - len(self._ready) - self._making
        if wanted <= 0 or self._pausing or self._closing is not None:
            return False
        return self._make()

    def _make(self) -> bool:
        slot = self._world.slots.take()
        if slot is None:
            self._fail("every sandbox that this node may have is in use")
            return False
        try:
            shell = Shell(self._world, slot)
        except OSError as error:
            self._world.slots.release(slot)
            self._fail(str(error))
            return False
        self._making += 1
        timer = self._world.loop.later(PATIENCE, shell.abort)

        def made(error: str) -> None:
            timer.cancel()
            self._making -= 1
            self._made(shell, error)

        try:
            shell.start(made)
        except OSError as error:
            made(str(error))
        return True

    def _made(self, shell: Shell, error: str) -> None:
        if error or self._closing is not None:
            self._end(shell)
            self._fail(error)
        elif self._waiting:
            self._waiting.popleft()(shell, "")
        else:
            self._ready.append(shell)

    def _fail(self, error: str) -> None:
        if self._waiting:
            self._waiting.popleft()(None, error)
        self._pausing = True
        self._world.loop.later(_TRIES_AFTER_FAILURE, self._resume)

    def _resume(self) -> None:
        self._pausing = False

    def _end(self, shell: Shell) -> None:
        self._ending += 1
        shell.end(0, lambda _: self._one_ended())

    def _one_ended(self) -> None:
        self._ending -= 1
        self._check_closed()

    def close(self, then: Callable[[], None]) -> None:
        self._closing = then
        while self._ready:
            self._end(self._ready.popleft())
        self._check_closed()

    def _check_closed(self) -> None:
        if self._closing is not None and not self._ending and not self._making:
            self._closing()
