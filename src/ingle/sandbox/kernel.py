"""The seam to the kernel: the system calls and pseudo-file accesses that this room makes, and no policy.

Everything that a driver asks of the kernel goes through one `Kernel` object, so that a recording twin can
stand in for it in tests (see `tests/unit/sandbox/recording.py`). Names and numbers are those of the man
pages in section 2. Every method raises OSError with the call's name in its text.

The zygote loads this file by path, under interpreters from 3.8 on: standard library only, no package import.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REC, MS_PRIVATE, MS_SLAVE = 0x4000, 1 << 18, 1 << 19
MNT_DETACH = 2

ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 1, 2, 4, 8
READ_ONLY = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
CAP_KILL = 5

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4

# Numbers without a wrapper in every libc that the zygotes meet. Those from 424 on are the same everywhere.
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(platform.machine(), -1)
_OPEN_TREE, _MOVE_MOUNT, _PIDFD_OPEN, _CLOSE_RANGE, _MOUNT_SETATTR = 428, 429, 434, 436, 442


class Kernel:
    """The real one."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    # -- namespaces

    def unshare(self, flags: int) -> None:
        self._check("unshare", self._libc.unshare(flags))

    def setns(self, fd: int, flags: int) -> None:
        """Enter the namespaces `flags` of a pidfd's process, or the one namespace that `fd` names."""
        self._check("setns", self._libc.setns(fd, flags))

    def pidfd_open(self, pid: int) -> int:
        return self._syscall("pidfd_open", _PIDFD_OPEN, pid, 0)

    # -- mounts

    def mount(self, source: str, target: str, fstype: str, flags: int = 0, data: str = "") -> None:
        code = self._libc.mount(
            source.encode(), target.encode(), fstype.encode(), ctypes.c_ulong(flags), data.encode()
        )
        self._check("mount " + target, code)

    def umount(self, target: str, flags: int = 0) -> None:
        self._check("umount " + target, self._libc.umount2(target.encode(), flags))

    def pivot_root(self, new: str, old: str) -> None:
        self._syscall("pivot_root", _PIVOT_ROOT, new.encode(), old.encode())

    def open_tree(self, dirfd: int, recursive: bool = False) -> int:
        """A detached copy of the mount that the O_PATH descriptor stands on, from there downward."""
        flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
        return self._syscall("open_tree", _OPEN_TREE, dirfd, b"", flags)

    def move_mount(self, tree: int, target: str) -> None:
        """Attach a detached mount at `target` in the caller's mount namespace."""
        name = "move_mount " + target
        self._syscall(name, _MOVE_MOUNT, tree, b"", _AT_FDCWD, target.encode(), _MOVE_MOUNT_F_EMPTY_PATH)

    def mount_setattr(self, tree: int, attributes: int, recursive: bool = False) -> None:
        """Add attributes (ATTR_...) to the mount that the descriptor names."""
        attr = struct.pack("QQQQ", attributes, 0, 0, 0)
        flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
        self._syscall("mount_setattr", _MOUNT_SETATTR, tree, b"", flags, attr, len(attr))

    # -- privileges and processes

    def prctl(self, option: int, value: int = 0, pointer: int = 0) -> None:
        code = self._libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(pointer), 0, 0)
        self._check(f"prctl {option}", code)

    def keep_capabilities(self, *kept: int) -> None:
        """Empty all sets but for `kept`, which this process and what it executes as root have from now on.
        Needs CAP_SETPCAP before the call."""
        everything = range(64)
        self._capset(everything, kept)  # first: nothing becomes inheritable that the bounding set lacks
        self.drop_bounding_set()
        self._capset(kept, kept)

    def drop_bounding_set(self) -> None:
        """No program executed from now on can gain a capability. Needs CAP_SETPCAP."""
        for capability in range(64):
            try:
                self.prctl(PR_CAPBSET_DROP, capability)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                return  # past the last one that this kernel knows

    def set_capabilities(self, *kept: int) -> None:
        """Set permitted and effective to `kept`, inheritable to nothing."""
        self._capset(kept, ())

    def _capset(self, permitted: Iterable[int], inheritable: Iterable[int]) -> None:
        """Set permitted and effective to the first, as far as they are there, inheritable to the second."""
        header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
        had = ctypes.create_string_buffer(24)
        self._check("capget", self._libc.capget(header, had))
        _, had_low, _, _, had_high, _ = struct.unpack("=IIIIII", had.raw)
        mask = _mask(permitted) & (had_high << 32 | had_low)
        passed = _mask(inheritable)
        low, high = mask & 0xFFFFFFFF, mask >> 32
        data = struct.pack("=IIIIII", low, low, passed & 0xFFFFFFFF, high, high, passed >> 32)
        self._check("capset", self._libc.capset(header, data))

    def seccomp(self, program: bytes) -> None:
        """Install a filter (see `seccomp.py`); needs no_new_privs."""
        code = ctypes.create_string_buffer(program, len(program))
        fprog = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
        holder = ctypes.create_string_buffer(fprog, len(fprog))
        self.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(holder))

    def close_range(self, first: int) -> None:
        """Close every descriptor from `first` on."""
        self._syscall("close_range", _CLOSE_RANGE, first, ctypes.c_uint(0xFFFFFFFF), 0)

    # -- pseudo-files

    def read(self, path: str) -> str:
        with open(path, "rb", buffering=0) as file:
            return file.read().decode()

    def write(self, path: str, text: str) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
        finally:
            os.close(fd)

    def mkdir(self, path: str) -> None:
        os.mkdir(path)

    def rmdir(self, path: str) -> None:
        os.rmdir(path)

    def open(self, path: str, flags: int) -> int:
        return os.open(path, flags | os.O_CLOEXEC)

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    # -- how calls are made

    def _syscall(self, name: str, number: int, *arguments: int | bytes | ctypes.c_uint) -> int:
        # c_long per integer: variadic arguments are passed as words, and ctypes would pass ints as 32 bits.
        words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
        return self._check(name, int(self._libc.syscall(ctypes.c_long(number), *words)))

    @staticmethod
    def _check(name: str, code: int) -> int:
        if code < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")
        return code


def _mask(capabilities: Iterable[int]) -> int:
    return sum(1 << capability for capability in capabilities)
