"""What the launcher process does to itself, once, to be able to make sandboxes of its level."""

from __future__ import annotations

import os
import signal

from ingle.sandbox import kernel as k
from ingle.sandbox.api import Level, Network
from ingle.sandbox.kernel import Kernel

_PR_SET_CHILD_SUBREAPER = 36

SHARED_USER = "all sandboxes of this node run under its own user id"
PROCESS_LACKS = (
    "programs see the host's files, processes and network with the rights of their user",
    "no memory, CPU or process limit of a sandbox as a whole: rlimits of single processes only",
    "a process that leaves its process group outlives its sandbox",
    "/var/task, /opt and /tmp are not at those paths, and the size of /tmp is not limited",
    "no listeners on the sandbox's own 127.0.0.1",
)


def enter(kernel: Kernel, level: Level) -> None:
    """Go where sandboxes of that level can be made. Raises OSError where the kernel or a policy refuses."""
    os.umask(0o022)
    if level == "namespaces":
        if os.geteuid() != 0:
            raise PermissionError("not started as root")
        kernel.unshare(k.CLONE_NEWNS)
    elif level == "rootless":
        _enter_user_namespace(kernel)
    if level != "process":
        # What is mounted here stays here; what the host mounts later still arrives.
        kernel.mount("", "/", "", k.MS_REC | k.MS_SLAVE)
    if level == "rootless":
        kernel.mount("proc", "/proc", "proc", k.MS_NOSUID | k.MS_NODEV | k.MS_NOEXEC)
    kernel.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _enter_user_namespace(kernel: Kernel) -> None:
    """Become root of a user namespace that maps the one user id, and process 1 of a pid namespace of it: to
    return from a sandbox's pid namespace takes privilege over one's own. The first process stays behind, to
    be waited for by the node."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(k.CLONE_NEWUSER | k.CLONE_NEWNS | k.CLONE_NEWPID)
    kernel.write("/proc/self/setgroups", "deny")
    kernel.write("/proc/self/uid_map", f"0 {uid} 1")
    kernel.write("/proc/self/gid_map", f"0 {gid} 1")
    pid = os.fork()
    if pid:
        kernel.close_range(3)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)
    kernel.prctl(k.PR_SET_PDEATHSIG, signal.SIGKILL)


def network_of(level: Level, wanted: Network) -> Network:
    """The network that a level can give without more help."""
    if level == "process":
        return "host"
    return "host" if wanted == "host" else "none"
