"""What runs as process 1 of a sandbox once it is built: a program of 30 instructions.

It is executed by the init (`init.py`), which built the sandbox and is a fork of the launcher: an interpreter
that only waits would keep 3 MiB of private memory, this keeps a few KiB. It can do one thing: read a byte
from descriptor 3, send the signal of that number to all other processes of its pid namespace (`kill(-1, n)`),
and answer with one byte, 0 if there was any process and another if there was none. At the end of file, or any
error, it exits, and the kernel kills whoever is left. All patience and policy is the launcher's (`shell.py`).

It is written out as machine code because a compiler is not on every machine, and what is, such as `/bin/sh`,
takes a dynamic linker's time at each start and ten times the memory.
"""

from __future__ import annotations

import os
import platform
import struct

NAME = b"/init"

_Listing = tuple[tuple[str, str], ...]

# The bytes of each instruction, and what a disassembler calls it.
# fmt: off
_X86_64: _Listing = (
    ("50", "push rax ; room for one byte at [rsp]"),
    ("6a03", "next: push 3"),
    ("5f", "pop rdi"),
    ("4889e6", "mov rsi, rsp"),
    ("6a01", "push 1"),
    ("5a", "pop rdx"),
    ("31c0", "xor eax, eax"),
    ("0f05", "syscall ; read(3, byte, 1)"),
    ("ffc8", "dec eax"),
    ("751f", "jne over"),
    ("0fb63424", "movzx esi, byte ptr [rsp]"),
    ("6aff", "push -1"),
    ("5f", "pop rdi"),
    ("6a3e", "push 0x3e"),
    ("58", "pop rax"),
    ("0f05", "syscall ; kill(-1, byte)"),
    ("880424", "mov byte ptr [rsp], al"),
    ("6a03", "push 3"),
    ("5f", "pop rdi"),
    ("4889e6", "mov rsi, rsp"),
    ("6a01", "push 1"),
    ("5a", "pop rdx"),
    ("6a01", "push 1"),
    ("58", "pop rax"),
    ("0f05", "syscall ; write(3, byte, 1)"),
    ("ebd0", "jmp next"),
    ("31ff", "over: xor edi, edi"),
    ("6a3c", "push 0x3c"),
    ("58", "pop rax"),
    ("0f05", "syscall ; exit(0)"),
)
_AARCH64: _Listing = (
    ("ff4300d1", "sub sp, sp, #0x10 ; room for one byte at [sp]"),
    ("600080d2", "next: mov x0, #3"),
    ("e1030091", "mov x1, sp"),
    ("220080d2", "mov x2, #1"),
    ("e80780d2", "mov x8, #0x3f"),
    ("010000d4", "svc #0 ; read(3, byte, 1)"),
    ("1f0400f1", "cmp x0, #1"),
    ("81010054", "b.ne over"),
    ("00008092", "mov x0, #-1"),
    ("e1034039", "ldrb w1, [sp]"),
    ("281080d2", "mov x8, #0x81"),
    ("010000d4", "svc #0 ; kill(-1, byte)"),
    ("e0030039", "strb w0, [sp]"),
    ("600080d2", "mov x0, #3"),
    ("e1030091", "mov x1, sp"),
    ("220080d2", "mov x2, #1"),
    ("080880d2", "mov x8, #0x40"),
    ("010000d4", "svc #0 ; write(3, byte, 1)"),
    ("efffff17", "b next"),
    ("000080d2", "over: mov x0, #0"),
    ("a80b80d2", "mov x8, #0x5d"),
    ("010000d4", "svc #0 ; exit(0)"),
)
# fmt: on
_MACHINES = {"x86_64": (62, _X86_64), "aarch64": (183, _AARCH64)}  # e_machine of elf(5)

_BASE = 0x400000
_HEADERS = 64 + 56  # of an ELF file, and of its one segment


def image(machine: str | None = None) -> bytes:
    """The program as an ELF file for `machine` (default: this one): one segment, read and executed.

    Raises KeyError for an architecture that it is not written for."""
    number, listing = _MACHINES[machine or platform.machine()]
    code = bytes.fromhex("".join(instruction for instruction, _ in listing))
    size = _HEADERS + len(code)
    # 64 bits, little endian; executable; entry, where the program headers are, no sections, sizes of headers
    head = struct.pack("<16sHHI", b"\x7fELF\x02\x01\x01", 2, number, 1)
    head += struct.pack("<QQQIHHHHHH", _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    # PT_LOAD, readable and executable: all of the file, at the base
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x10000)
    return head + code


def install(path: str) -> int:
    """A descriptor to execute it by. The file lies at `path` for a moment only: no sandbox sees it."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755)
    try:
        os.write(fd, image())
    finally:
        os.close(fd)  # what is open for writing is not executed
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    finally:
        os.unlink(path)
