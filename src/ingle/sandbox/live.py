"""A sandbox in use: which program runs in it, and what may be done when. The same for every driver."""

from __future__ import annotations

import enum
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ingle.sandbox.api import Bind, Executable, SandboxError, SandboxSpec
from ingle.sandbox.config import EXECUTOR
from ingle.sandbox.loop import Timer
from ingle.sandbox.place import Place
from ingle.sandbox.world import PATIENCE, World
from ingle.sandbox.zygotes import Zygotes

Answer = Callable[[str, int], None]  # (error or "", pid or 0)
Report = Callable[[int, int | None, int | None, bool], None]  # pid, code, signal, out of memory


class State(enum.Enum):
    IDLE = "no program"
    STARTING = "a program is being started"
    RUNNING = "a program is running"
    STOPPING = "being stopped"
    ENDING = "being destroyed"
    GONE = "destroyed"


# What is possible in which state, and where it leads.
NEXT: dict[tuple[State, str], State] = {
    (State.IDLE, "launch"): State.STARTING,
    (State.STARTING, "started"): State.RUNNING,
    (State.STARTING, "failed"): State.IDLE,
    (State.RUNNING, "exited"): State.IDLE,
    (State.IDLE, "stop"): State.STOPPING,
    (State.RUNNING, "stop"): State.STOPPING,
    (State.STOPPING, "exited"): State.STOPPING,
    (State.STOPPING, "stopped"): State.IDLE,
    (State.IDLE, "destroy"): State.ENDING,
    (State.STARTING, "destroy"): State.ENDING,
    (State.RUNNING, "destroy"): State.ENDING,
    (State.STOPPING, "destroy"): State.ENDING,
    (State.ENDING, "started"): State.ENDING,
    (State.ENDING, "failed"): State.ENDING,
    (State.ENDING, "stopped"): State.ENDING,
    (State.ENDING, "exited"): State.ENDING,
    (State.ENDING, "gone"): State.GONE,
}


class LiveSandbox:
    """One sandbox. `report` tells the node of a program's end."""

    def __init__(self, world: World, zygotes: Zygotes, place: Place, report: Report) -> None:
        self._world = world
        self._zygotes = zygotes
        self._place = place
        self._report = report
        self.state = State.IDLE
        self._used = False  # whether a program has ever been in it
        self._start: _Start | None = None
        self._pid = 0
        self._kills_before = 0
        self._when_settled: list[Callable[[], None]] = []  # waiting for the end of STARTING or of a program

    def _advance(self, event: str) -> None:
        following = NEXT.get((self.state, event))
        if following is None:
            raise SandboxError(f"cannot {event}: {self.state.value}")
        self.state = following

    def furnish(
        self, spec: SandboxSpec, report: Report
    ) -> tuple[int, Mapping[str, int], tuple[tuple[str, str], ...]]:
        """Make it the sandbox of this specification, with a program started ahead or without: that program's
        pid or 0, and what the place hands over. Raises SandboxError or OSError: it must then be destroyed."""
        self._report = report
        self._place.furnish(spec, self._pid)
        return self._pid, *self._place.hand_over()

    # -- launch

    def launch(self, program: str | Executable, channel: int, output: int, answer: Answer) -> None:
        """Start a program; `channel` and `output` are ours to close. Raises SandboxError at once when that
        is not possible now."""
        self._advance("launch")
        self._start = _Start(program, channel, output, answer)
        self._start.timer = self._world.loop.later(PATIENCE, lambda: self._failed("not started within 10 s"))
        if self._used:  # what a former program left behind must not see its successor start
            self._place.kill_others(0, lambda error: self._failed(error) if error else self._enter())
        else:
            self._enter()

    def _enter(self) -> None:
        start = self._start
        if start is None:
            return
        self._used = True
        name = EXECUTOR if isinstance(start.program, Executable) else start.program
        try:
            self._place.show(self._zygotes.known[name], _binds(start.program))
            zygote = self._zygotes.get(name)
        except (OSError, SandboxError) as error:
            self._failed(str(error))
            return
        zygote.when_ready(lambda error: self._failed(error) if error else self._fork(start, name))

    def _fork(self, start: _Start, name: str) -> None:
        if self._start is not start:  # given up meanwhile
            return
        entry = self._place.entry()
        job: dict[str, Any] = {
            "namespaces": entry.namespaces,
            "uid": entry.uid,
            "gid": entry.gid,
            "confine": entry.namespaces != 0 or entry.uid >= 0,
            "limits": entry.limits,
            "groups": len(entry.groups),
            "cwd": entry.cwd,
            "argv": None,
            "environ": None,
        }
        if isinstance(start.program, Executable):
            job.update(argv=start.program.argv, environ=dict(start.program.environ), cwd=start.program.cwd)
        self._kills_before = self._place.oom_kills()
        status, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        start.status = status
        self._world.loop.watch(status, self._confined)
        pidfd = () if entry.pidfd is None else (entry.pidfd,)
        fds: Sequence[int] = (theirs, start.channel, start.output, *pidfd, *entry.groups)
        start.forking = True
        self._zygotes.get(name).fork(
            job,
            fds,
            lambda pid, error: self._forked(start, pid, error),
            lambda code: self._exited(start, code),
        )
        os.close(theirs)
        start.close_given()

    def _forked(self, start: _Start, pid: int, error: str) -> None:
        start.forking = False
        start.pid = pid
        if self._start is not start:
            if pid:  # too late: nobody waits for it any more
                self._place.kill_others(pid, lambda _: None)
        elif error:
            self._failed(error)
        elif start.confined:
            self._started()

    def _confined(self) -> None:
        """The child's status pipe has something: its end when the child is confined, or an error text."""
        start = self._start
        if start is None or start.status < 0:
            return
        text = os.read(start.status, 4096).decode(errors="replace")
        if text:
            self._failed(text)
            return
        self._world.loop.forget(start.status)
        os.close(start.status)
        start.status = -1
        start.confined = True
        if start.pid:
            self._started()

    def _started(self) -> None:
        start = self._start
        assert start is not None
        self._pid = start.pid
        start.running = True
        self._settle("started")
        start.answer("", start.pid)
        self._run_settled()

    def _failed(self, error: str) -> None:
        start = self._start
        if start is None:
            return
        late = start.pid
        self._settle("failed")
        if late:
            self._place.kill_others(late, lambda _: None)
        start.answer(error or "unknown", 0)
        self._run_settled()

    def _settle(self, event: str) -> None:
        start, self._start = self._start, None
        assert start is not None
        start.timer.cancel()
        start.close_given()
        if start.status >= 0:
            self._world.loop.forget(start.status)
            os.close(start.status)
            start.status = -1
        self._advance(event)

    # -- the end of a program

    def _exited(self, start: _Start, status: int | None) -> None:
        if self._start is start and not start.confined:
            if status is None:
                self._failed("its zygote ended")
            else:
                self._confined()  # its last words may be read after the news of its death
        if not start.running:
            return
        start.running = False
        if status is None:  # its zygote died and took it along; make sure
            self._place.kill_others(self._pid, lambda _: self._ended(None, signal.SIGKILL, False))
        elif os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            memory = number == signal.SIGKILL and self._place.oom_kills() > self._kills_before
            self._ended(None, number, memory)
        else:
            self._ended(os.WEXITSTATUS(status), None, False)

    def _ended(self, code: int | None, number: int | None, memory: bool) -> None:
        pid, self._pid = self._pid, 0
        self._advance("exited")
        self._report(pid, code, number, memory)
        self._run_settled()

    def _run_settled(self) -> None:
        waiting, self._when_settled = self._when_settled, []
        for then in waiting:
            then()

    # -- stop, freeze, destroy

    def stop(self, answer: Answer) -> None:
        if self.state is State.STARTING:
            self._when_settled.append(lambda: self._retry_stop(answer))
            return
        self._advance("stop")
        self._place.kill_others(self._pid, lambda error: self._stopped(error, answer))

    def _retry_stop(self, answer: Answer) -> None:
        try:
            self.stop(answer)
        except SandboxError as error:
            answer(str(error), 0)

    def _stopped(self, error: str, answer: Answer) -> None:
        if not error and self._pid:  # dead, but not yet reported
            self._when_settled.append(lambda: self._stopped("", answer))
            return
        if self.state is State.STOPPING:
            self._advance("stopped")
        answer(error, 0)

    def signal(self, action: Literal["freeze", "thaw"]) -> None:
        self._place.signal(action, self._pid)

    def destroy(self, answer: Answer) -> None:
        self._advance("destroy")
        if self._start is not None:
            self._failed("destroyed")
        self._place.end(self._pid, lambda error: self._removed(error, answer))

    def _removed(self, error: str, answer: Answer) -> None:
        if not error and self._pid:
            self._when_settled.append(lambda: self._removed("", answer))
            return
        self._advance("gone")
        answer(error, 0)


def _binds(program: str | Executable) -> tuple[Bind, ...]:
    return program.binds if isinstance(program, Executable) else ()


class _Start:
    """One attempt to start a program."""

    timer: Timer

    def __init__(self, program: str | Executable, channel: int, output: int, answer: Answer) -> None:
        self.program = program
        self.channel = channel
        self.output = output
        self.answer = answer
        self.status = -1
        self.pid = 0
        self.forking = False
        self.confined = False
        self.running = False

    def close_given(self) -> None:
        """Close the node's descriptors, once."""
        for fd in (self.channel, self.output):
            if fd >= 0:
                os.close(fd)
        self.channel = self.output = -1
