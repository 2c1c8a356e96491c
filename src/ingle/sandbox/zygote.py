"""The zygote: an interpreter with a runtime preloaded, from which programs are forked into sandboxes.

Runs on CPython 3.8 and later, by file path, standard library only: `kernel.py` beside it is its one import.
It has no threads, and it keeps no descriptor of any child.

    python -c "exec(...)" zygote.py SOCKET < nothing

Messages on the SEQPACKET socket, JSON objects. From the launcher:

    {"seccomp": base64, "program": path or "", "privileged": bool}, once, first
    {"launch": {"id", "confine": bool, "namespaces": int, "uid", "gid" (-1: keep),
                "limits": [[resource, value]...], "cwd", "argv", "environ" (null: the zygote's program),
                "groups": n}}
        with descriptors: status, channel, output, [pidfd of the sandbox's init], n x cgroup.procs

From the zygote: {"ready": ""} or {"ready": error}; {"id", "pid"} or {"id", "error"}; {"pid", "status"} when a
child ended (a wait status). The child closes `status` when it is confined, having written the error if not.
"""

from __future__ import annotations

import array
import base64
import ctypes
import fcntl
import gc
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import traceback
from typing import Any

_MAX_DESCRIPTORS = 32
_CHANNEL, _STATUS, _FIRST_FREE = 3, 4, 5


def _load(name: Any, path: Any) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


k = _load("ingle_kernel", os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), "kernel.py"))
del sys.modules["ingle_kernel"]  # not a module that functions could find


class Zygote:
    """The parent's side: takes launches, reports ends."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._kernel = k.Kernel()
        self._seccomp = b""
        self._program: Any = None
        self._command_line = find_command_line()
        self._own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def prepare(self) -> None:
        """Preload the program. Whatever it raises is reported, and ends the zygote."""
        message, _ = self._receive()
        self._seccomp = base64.b64decode(message["seccomp"])
        try:
            if message["privileged"]:
                give_up_for_children(self._kernel)
            if message["program"]:
                self._program = _load("ingle_program", message["program"])
                self._program.preload()
            if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:
                raise RuntimeError("the preloaded program has started threads; it cannot be forked")
        except BaseException:
            self._send({"ready": traceback.format_exc(limit=-5)})
            raise
        gc.collect()
        gc.freeze()  # so that no collection in a child touches, and thereby copies, the shared pages
        self._send({"ready": ""})

    def serve(self) -> Any:
        """Serve until the launcher is gone (returns None) or, in a forked child, until there is a job to do
        (returns it, so that the child does not stay nested in this loop)."""
        wake_read, wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == wake_read:
                    os.read(wake_read, 4096)
                    self._report_ends()
                    continue
                message, fds = self._receive()
                if message is None:
                    return None
                if self._fork(message["launch"], fds) == 0:
                    return message["launch"], fds

    def _fork(self, job: Any, fds: Any) -> int:
        """Fork into the pid namespace of the sandbox's init; 0 in the child, which owns `fds` then."""
        pid = -1
        try:
            if job["namespaces"]:
                self._kernel.setns(fds[3], k.CLONE_NEWPID)
            try:
                pid = os.fork()
            finally:
                if job["namespaces"] and pid != 0:
                    self._kernel.setns(self._own_pid_namespace, k.CLONE_NEWPID)
        except OSError as error:
            self._send({"id": job["id"], "error": str(error)})
        if pid != 0:
            for fd in fds:
                os.close(fd)
        if pid > 0:
            self._send({"id": job["id"], "pid": pid})
        return pid

    def run(self, job: Any, fds: Any) -> None:
        """The child: confine, then become the program. Never returns."""
        status = fds[0]
        try:
            forget_command_line(*self._command_line)
            confine(self._kernel, job, fds, self._seccomp)
            status = _STATUS
            if job["argv"] is not None:
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
                os.set_inheritable(_CHANNEL, True)
                os.execve(job["argv"][0], job["argv"], job["environ"])
            os.close(_STATUS)
        except BaseException as error:
            os.write(status, ("%s: %s" % (type(error).__name__, error)).encode()[:1000])
            os._exit(127)
        finish(self._program.main, _CHANNEL)

    def _report_ends(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._send({"pid": pid, "status": status})

    def _send(self, message: Any) -> None:
        self._sock.send(json.dumps(message).encode(), socket.MSG_NOSIGNAL)

    def _receive(self) -> Any:
        space = socket.CMSG_SPACE(_MAX_DESCRIPTORS * 4)
        data, ancillary, _, _ = self._sock.recvmsg(1 << 18, space, socket.MSG_CMSG_CLOEXEC)
        fds = array.array("i")
        for _, _, rights in ancillary:
            fds.frombytes(rights)
        return (json.loads(data) if data else None), list(fds)


def confine(kernel: Any, job: Any, fds: Any, seccomp: Any) -> None:
    """Turn the calling child into a confined process: descriptors 0 to 2 standard, 3 the channel, 4 the
    status, nothing else. The order matters: each step needs a privilege that a later one takes away."""
    status, channel, output = fds[:3]
    for fd in fds[len(fds) - job["groups"] :]:
        os.write(fd, b"0")
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the one signal that a zygote handles
    os.setsid()
    if job["namespaces"]:
        kernel.setns(fds[3], job["namespaces"])
    _arrange_descriptors(kernel, status, channel, output)
    os.chdir(job["cwd"])
    os.umask(0o022)
    for number, value in job["limits"]:
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (value, value))
    if job["confine"]:
        _drop_privileges(kernel, job["uid"], job["gid"])
    kernel.prctl(k.PR_SET_NO_NEW_PRIVS, 1)
    # After the change of user, which clears it: a program does not outlive its zygote.
    kernel.prctl(k.PR_SET_PDEATHSIG, signal.SIGKILL)
    if seccomp:
        kernel.seccomp(seccomp)


def find_command_line() -> Any:
    """Where this process's command line begins and ends in its memory."""
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[45]), int(fields[46])  # arg_start, arg_end: fields 48 and 49 in proc(5)


def forget_command_line(start: Any, end: Any) -> None:
    """Leave only the interpreter's name in /proc/self/cmdline: the rest says where Ingle is installed."""
    name = os.path.basename(sys.executable).encode()
    if start > 0 and start + len(name) < end:
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, name, len(name))


def _drop_privileges(kernel: Any, uid: int, gid: int) -> None:
    if uid >= 0:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    kernel.set_capabilities()
    kernel.prctl(k.PR_SET_DUMPABLE, 1)  # its own /proc/self belongs to it, as in Lambda


def give_up_for_children(kernel: Any) -> None:
    """What no child may have and the zygote itself does without: a bounding set, and powers that come with
    the user id 0, where that is mapped. Locked, and inherited by fork."""
    kernel.prctl(k.PR_SET_SECUREBITS, 0x2F)
    kernel.drop_bounding_set()


def _arrange_descriptors(kernel: Any, status: Any, channel: Any, output: Any) -> None:
    null = os.open("/dev/null", os.O_RDONLY)
    # Through high numbers, so that none is overwritten before it is moved.
    high = [_duplicate_above(fd, 64) for fd in (null, output, output, channel, status)]
    for number, fd in enumerate(high):
        os.dup2(fd, number, inheritable=number < _CHANNEL)
    kernel.close_range(_FIRST_FREE)


def _duplicate_above(fd: Any, floor: Any) -> int:
    return int(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, floor))


def finish(main: Any, channel: Any) -> None:
    """Run `main` and end as an interpreter would: its exit status, exit functions, flushed streams."""
    import atexit

    code = 0
    try:
        main(channel)
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            sys.stderr.write(str(end.code) + "\n")
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code & 0xFF)


def main() -> None:
    kernel = k.Kernel()
    parent = os.getppid()
    kernel.prctl(k.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    import site

    site.setquit()  # `exit` and `quit`, which -S leaves out, and functions use
    sock = socket.socket(fileno=int(sys.argv[2]))
    sock.set_inheritable(False)
    sys.argv[:] = [""]
    zygote = Zygote(sock)
    zygote.prepare()
    job = zygote.serve()
    if job is not None:
        zygote.run(*job)


if __name__ == "__main__":
    main()
