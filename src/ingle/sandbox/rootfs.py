"""The root file system that every sandbox sees: built once, then shared read-only.

The launcher keeps the *template* mounted in its own mount namespace, writable by itself alone. A sandbox's
mount namespace starts as a copy of the launcher's; it pivots into its copy of the template, makes that
read-only, and adds what is its own: /proc, /etc/passwd, the specification's directories, /tmp.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ingle.sandbox import kernel as k
from ingle.sandbox import warden
from ingle.sandbox.kernel import Kernel

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
HIDDEN = ("/usr/local", "/usr/lib/python3/dist-packages", "/usr/src")
DEVICES = ("null", "zero", "full", "random", "urandom")
COPIED = ("/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/protocols", "/etc/services", "/etc/mime.types")
SHOWN = ("/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/etc/alternatives")
MOUNT_POINTS = ("/proc", "/tmp", "/var/task", "/var/runtime", "/opt", "/etc", "/dev")
# Emptied or hidden in /proc: the machine's business, not the function's. As container runtimes do.
PROC_NULLED = ("kcore", "keys", "key-users", "sysrq-trigger", "timer_list", "sched_debug", "latency_stats")
PROC_EMPTIED = ("acpi", "scsi", "bus", "fs", "irq", "driver")

USER = "sbx_user1051"  # Lambda's name for it
_HOSTS = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
_NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"
_FALLBACK_RESOLVERS = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")


class Template:
    """The template below the directory `path`, and what is bound from it.

    warden: descriptor of the program that becomes process 1 of every sandbox, once it is built."""

    def __init__(self, kernel: Kernel, path: str, gid: int) -> None:
        self.path = path
        self._kernel = kernel
        self._gid = gid
        self.warden = -1

    def build(self) -> None:
        """Mount it, in the launcher's own mount namespace."""
        self._kernel.mount("ingle", self.path, "tmpfs", k.MS_NOSUID | k.MS_NODEV, "mode=755,size=8m")
        for target in MOUNT_POINTS:
            self.directory(target)
        self.warden = warden.install(self.path + os.fsdecode(warden.NAME))
        self._system()
        self._devices()
        self._etc()
        empty = self.directory("/.empty")
        for hidden in HIDDEN:
            if os.path.isdir(self.path + hidden):
                self.bind(empty, self.path + hidden)

    def directory(self, target: str) -> str:
        """Make sure that `target` exists as a directory to mount on; its path as the launcher sees it."""
        path = self.path + target
        os.makedirs(path, mode=0o755, exist_ok=True)
        return path

    def file(self, target: str, text: str | bytes) -> str:
        self.directory(os.path.dirname(target))
        path = self.path + target
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, 0o644)
        return path

    def bind(self, source: str, target: str, attributes: int = k.READ_ONLY, recursive: bool = False) -> None:
        """Show `source` at `target`, both as the calling process sees them."""
        tree = clone(self._kernel, source, attributes, recursive)
        try:
            self._kernel.move_mount(tree, target)
        finally:
            os.close(tree)

    def _system(self) -> None:
        for directory in SYSTEM:
            if os.path.islink(directory):
                os.symlink(os.readlink(directory), self.path + directory)
            elif os.path.isdir(directory):
                self.bind(directory, self.directory(directory), recursive=True)

    def _devices(self) -> None:
        for device in DEVICES:
            node = self.file(f"/dev/{device}", "")
            self.bind(f"/dev/{device}", node, k.ATTR_RDONLY | k.ATTR_NOSUID | k.ATTR_NOEXEC)
        for link, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            os.symlink(f"/proc/self/fd{target}", f"{self.path}/dev/{link}")

    def _etc(self) -> None:
        for source in COPIED:
            if os.path.isfile(source):
                with open(source, "rb") as file:
                    self.file(source, file.read())
        for source in SHOWN:
            if os.path.isdir(source):
                self.bind(source, self.directory(source))
        self.file("/etc/hosts", _HOSTS)
        self.file("/etc/nsswitch.conf", _NSSWITCH)
        self.file("/etc/resolv.conf", "".join(f"nameserver {address}\n" for address in resolvers()))
        self.file("/etc/group", f"root:x:0:\n{USER}:x:{self._gid}:\n")
        self.file("/etc/passwd", passwd(self._gid, self._gid))


def passwd(uid: int, gid: int) -> str:
    """The text of a sandbox's /etc/passwd."""
    root = "root:x:0:0:root:/root:/sbin/nologin\n" if uid else ""
    return f"{root}{USER}:x:{uid}:{gid}::/home/{USER}:/sbin/nologin\n"


def clone(kernel: Kernel, source: str | int, attributes: int, recursive: bool = False) -> int:
    """A detached mount of a host path, or of an O_PATH descriptor, with `attributes` set."""
    fd = source if isinstance(source, int) else os.open(source, os.O_PATH | os.O_CLOEXEC)
    try:
        tree = kernel.open_tree(fd, recursive)
        try:
            kernel.mount_setattr(tree, attributes, recursive)
        except OSError:
            os.close(tree)
            raise
        return tree
    finally:
        if not isinstance(source, int):
            os.close(fd)


def resolvers(files: Iterable[str] = _FALLBACK_RESOLVERS) -> list[str]:
    """Name servers that can be reached from behind NAT: the host's, those on its loopback left out (a local
    stub's own upstream servers stand in the second file)."""
    for path in files:
        try:
            with open(path) as file:
                words = [line.split() for line in file]
        except OSError:
            continue
        found = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
        reachable = [address for address in found if not address.startswith(("127.", "::1"))]
        if reachable:
            return reachable
    return []


def mount_proc(kernel: Kernel, template: Template) -> None:
    """Mount /proc of the caller's pid namespace on the template's, dangerous entries masked.

    Called in a sandbox's fresh mount namespace, before it pivots."""
    proc = template.path + "/proc"
    kernel.mount("proc", proc, "proc", k.MS_NOSUID | k.MS_NODEV | k.MS_NOEXEC)
    for name in PROC_NULLED:
        if os.path.exists(f"{proc}/{name}"):
            template.bind("/dev/null", f"{proc}/{name}", k.ATTR_RDONLY | k.ATTR_NOSUID | k.ATTR_NOEXEC)
    for name in PROC_EMPTIED:
        if os.path.isdir(f"{proc}/{name}"):
            template.bind(template.path + "/.empty", f"{proc}/{name}")
    template.bind(f"{proc}/sys", f"{proc}/sys", k.READ_ONLY | k.ATTR_NOEXEC)


def pivot(kernel: Kernel, template: Template) -> None:
    """Make the template the root of the caller's mount namespace, read-only, with nothing else in sight."""
    os.chdir(template.path)
    kernel.pivot_root(".", ".")
    kernel.umount(".", k.MNT_DETACH)
    os.chdir("/")
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        kernel.mount_setattr(root, k.READ_ONLY)
    finally:
        os.close(root)
