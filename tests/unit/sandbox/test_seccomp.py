"""The filter's decisions for both architectures, by interpreting its program as the kernel does."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox import seccomp

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE, CLONE3, SOCKET, IOCTL = (
    {"x86_64": 56, "aarch64": 220},
    {"x86_64": 435, "aarch64": 435},
    {"x86_64": 41, "aarch64": 198},
    {"x86_64": 16, "aarch64": 29},
)
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
MACHINES = tuple(AUDIT)


def decide(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """The filter's answer to a system call."""
    words = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("IIQ6Q", number, audit or AUDIT[machine], 0, *words)
    program = list(struct.iter_unpack("HBBI", seccomp.assemble(machine)))
    accumulator = position = 0
    while True:
        code, then, otherwise, value = program[position]
        position += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            accumulator = struct.unpack_from("I", data, value)[0]
            continue
        test = {
            0x15: accumulator == value,
            0x35: accumulator >= value,
            0x25: accumulator > value,
            0x45: bool(accumulator & value),
        }[code]
        position += then if test else otherwise


@pytest.mark.parametrize("machine", MACHINES)
def test_every_denied_call_is_refused(machine: str) -> None:
    for name, numbers in seccomp.DENIED.items():
        number = numbers[MACHINES.index(machine)]
        if number is not None:
            assert decide(machine, number) == ERRNO | seccomp.EPERM, name


@pytest.mark.parametrize("machine", MACHINES)
def test_a_foreign_architecture_kills(machine: str) -> None:
    assert decide(machine, 0, audit=0x40000003) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_clone3_and_unknown_calls_are_not_there(machine: str) -> None:
    assert decide(machine, CLONE3[machine]) == ERRNO | seccomp.ENOSYS
    assert decide(machine, seccomp.NEWEST_KNOWN + 1) == ERRNO | seccomp.ENOSYS


def test_the_x32_entry_is_closed() -> None:
    assert decide("x86_64", 0x40000000 | 39) == ERRNO | seccomp.EPERM


@pytest.mark.parametrize("machine", MACHINES)
@given(flags=st.integers(0, (1 << 32) - 1))
def test_clone_makes_threads_and_processes_but_no_namespaces(machine: str, flags: int) -> None:
    spaces = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x80
    expected = ERRNO | seccomp.EPERM if flags & spaces else ALLOW
    assert decide(machine, CLONE[machine], flags) == expected


@pytest.mark.parametrize("machine", MACHINES)
@given(family=st.integers(0, 60), protocol=st.integers(0, 30))
def test_only_ordinary_socket_families_exist(machine: str, family: int, protocol: int) -> None:
    answer = decide(machine, SOCKET[machine], family, 1, protocol)
    if family in (1, 2, 10) or (family == 16 and protocol == 0):
        assert answer == ALLOW
    else:
        assert answer & 0xFFFF0000 == ERRNO


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_typed_into_terminals(machine: str) -> None:
    assert decide(machine, IOCTL[machine], 0, 0x5412) == ERRNO | seccomp.EPERM
    assert decide(machine, IOCTL[machine], 0, 0x5401) == ALLOW


def test_ordinary_calls_pass() -> None:
    for number in (0, 1, 2, 3, 9, 39, 42, 57, 59, 202, 257, 318, 332):  # read to statx, execve among them
        assert decide("x86_64", number) == ALLOW


def test_programs_fit_the_kernels_limits() -> None:
    for machine in MACHINES:
        program = list(struct.iter_unpack("HBBI", seccomp.assemble(machine)))
        assert len(program) <= 4096
        for position, (code, then, otherwise, _) in enumerate(program):
            if code & 7 == 5:
                assert position + 1 + max(then, otherwise) < len(program)


def test_an_unknown_machine_is_an_error_and_not_an_open_door() -> None:
    with pytest.raises(KeyError):
        seccomp.assemble("riscv64")
