"""The program of process 1, as a file; what it does is proved by every test that stops a sandbox."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from ingle.sandbox import warden


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 62), ("aarch64", 183)])
def test_it_is_a_static_executable_of_one_segment_that_nobody_can_write_to(machine: str, number: int) -> None:
    image = warden.image(machine)
    magic, kind, architecture, _, entry, headers = struct.unpack_from("<16sHHIQQ", image)
    assert magic.startswith(b"\x7fELF\x02\x01\x01")
    assert (kind, architecture, headers) == (2, number, 64)
    assert struct.unpack_from("<H", image, 56) == (1,)
    load, flags, offset, address, _, size, memory, align = struct.unpack_from("<IIQQQQQQ", image, 64)
    assert (load, flags, offset) == (1, 5, 0)
    assert size == memory == len(image)
    assert address % align == 0
    assert entry == address + 120


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(KeyError):
        warden.image("vax")


def test_no_file_is_left_of_it(tmp_path: Path) -> None:
    fd = warden.install(str(tmp_path / "init"))
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(fd).st_size == len(warden.image())
    os.close(fd)
