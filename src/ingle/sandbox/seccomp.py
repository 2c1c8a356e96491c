"""The seccomp filter: what a sandboxed program may not even ask of the kernel, as a BPF program.

A deny list, as Docker's and Lambda's own are in effect: functions are arbitrary programs. Namespaces, an
empty capability set and an unprivileged user already refuse nearly all of this; the filter takes the code
behind these calls out of reach, since that is where kernels have had their holes.

Denied calls answer EPERM. `clone3`, and calls newer than this list, answer ENOSYS: `clone3` keeps its flags
in memory, where a filter cannot look, and every libc falls back to `clone`, whose flags are looked at.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Iterator

EPERM, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT = 1, 38, 97, 93

# fmt: off
# call: (number on x86_64, number on aarch64); None where the architecture has no such call
DENIED: dict[str, tuple[int | None, int | None]] = {
    # mounts and file handles
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "statmount": (457, 457), "listmount": (458, 458),
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438), "unshare": (272, 97),
    "setns": (308, 268), "move_pages": (279, 239), "migrate_pages": (256, 238),
    # kernel code, tracing and big machinery
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "lookup_dcookie": (212, 18), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "syslog": (103, 116), "_sysctl": (156, None), "vhangup": (153, 58),
    # keys
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # the machine
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89),
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    "uselib": (134, None), "ustat": (136, None), "sysfs": (139, None), "nfsservctl": (180, 42),
}
# fmt: on

_ARCHITECTURES = {  # audit number, column of DENIED, clone, clone3, socket, ioctl
    "x86_64": (0xC000003E, 0, 56, 435, 41, 16),
    "aarch64": (0xC00000B7, 1, 220, 435, 198, 29),
}
_X32_BIT = 0x40000000
NEWEST_KNOWN = 462  # mseal, Linux 6.10
_NAMESPACE_FLAGS = 0x7E020080  # CLONE_NEW*: user, pid, net, ipc, uts, cgroup, mount, time
_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_AF_NETLINK, _NETLINK_ROUTE = 16, 0
_TIOCSTI = 0x5412

_LD_W_ABS, _JEQ, _JGE, _JGT, _JSET, _RET = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06
_NR, _ARCH, _ARG0, _ARG1, _ARG2 = 0, 4, 16, 24, 32
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000

Instruction = tuple[int, int, int, int]


def assemble(machine: str | None = None) -> bytes:
    """The filter for `machine` (default: this one), as an array of struct sock_filter.

    Raises KeyError for an architecture that it is not written for."""
    machine = machine or platform.machine()
    return b"".join(struct.pack("HBBI", *instruction) for instruction in _program(machine))


def _program(machine: str) -> Iterator[Instruction]:
    audit, column, clone, clone3, socket, ioctl = _ARCHITECTURES[machine]
    yield _LD_W_ABS, 0, 0, _ARCH
    yield _JEQ, 1, 0, audit
    yield _RET, 0, 0, _KILL
    yield _LD_W_ABS, 0, 0, _NR
    if machine == "x86_64":
        yield from _refuse((_JGE, _X32_BIT), EPERM)
    yield from _refuse((_JGT, NEWEST_KNOWN), ENOSYS)
    yield from _refuse((_JEQ, clone3), ENOSYS)
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            yield from _refuse((_JEQ, number), EPERM)
    for number, body in ((clone, _CLONE), (ioctl, _IOCTL), (socket, _SOCKET)):
        yield _JEQ, 0, len(body), number
        yield from body
    yield _RET, 0, 0, _ALLOW


def _refuse(test: tuple[int, int], errno: int) -> Iterator[Instruction]:
    code, value = test
    yield code, 0, 1, value
    yield _RET, 0, 0, _ERRNO | errno


_CLONE: tuple[Instruction, ...] = (
    (_LD_W_ABS, 0, 0, _ARG0),
    (_JSET, 0, 1, _NAMESPACE_FLAGS),
    (_RET, 0, 0, _ERRNO | EPERM),
    (_RET, 0, 0, _ALLOW),
)
_IOCTL: tuple[Instruction, ...] = (
    (_LD_W_ABS, 0, 0, _ARG1),
    (_JEQ, 0, 1, _TIOCSTI),
    (_RET, 0, 0, _ERRNO | EPERM),
    (_RET, 0, 0, _ALLOW),
)
_SOCKET: tuple[Instruction, ...] = (
    (_LD_W_ABS, 0, 0, _ARG0),
    (_JEQ, 5, 0, _FAMILIES[0]),
    (_JEQ, 4, 0, _FAMILIES[1]),
    (_JEQ, 3, 0, _FAMILIES[2]),
    (_JEQ, 0, 3, _AF_NETLINK),
    (_LD_W_ABS, 0, 0, _ARG2),
    (_JEQ, 0, 2, _NETLINK_ROUTE),
    (_RET, 0, 0, _ALLOW),
    (_RET, 0, 0, _ERRNO | EAFNOSUPPORT),
    (_RET, 0, 0, _ERRNO | EPROTONOSUPPORT),
)
