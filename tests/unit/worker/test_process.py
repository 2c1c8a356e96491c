"""A program's channel and output: bounded patience with programs that do not keep to anything."""

from __future__ import annotations

import os
import socket

from tests.support.looptime import by_hand, settle
from tests.support.sandboxes import FakeSandbox, Program, hang

from ingle.sandbox.api import Exit, Started
from ingle.worker.frames import Frame
from ingle.worker.process import RuntimeProcess


class Owner:
    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.output = b""
        self.lost: list[tuple[Exit | None, str | None]] = []
        self.held = False

    def frame_received(self, frame: Frame) -> None:
        self.frames.append(frame)

    def output_received(self, data: bytes) -> None:
        self.output += data

    def process_lost(self, exit: Exit | None, reason: str | None) -> None:
        self.lost.append((exit, reason))


@by_hand
async def test_a_child_that_writes_on_after_the_exit_cannot_hold_up_the_news() -> None:
    owner = Owner()
    process = RuntimeProcess(owner)
    channels: list[socket.socket] = []

    class Daemonized(FakeSandbox):
        async def launch(self, program: object, channel: socket.socket, output: int) -> int:
            channels.append(channel.dup())
            return 1

    sandbox = Daemonized(hang)
    await process.start(sandbox, "p")
    daemon = channels[0]
    daemon.setblocking(False)
    original = process._owner.frame_received

    def refill(frame: Frame) -> None:
        original(frame)
        if len(owner.frames) < 100_000:  # for ever, in effect: there is always more to read
            daemon.send(b"\x10\0\0\0\0")

    owner.frame_received = refill  # type: ignore[method-assign]
    daemon.send(b"\x10\0\0\0\0")
    process._exited(Exit(0, None))
    assert owner.lost == [(Exit(0, None), None)]
    assert len(owner.frames) < 1_000
    daemon.close()


@by_hand
async def test_the_last_output_is_heard_before_the_loss_whatever_its_cause() -> None:
    async def lies(program: Program) -> None:
        program.write("last words")
        program.raw(b"\xff\xff\xff\xff\xff")
        await hang(program)

    owner = Owner()
    process = RuntimeProcess(owner)
    sandbox = FakeSandbox(lies)
    await process.start(sandbox, "p")
    await settle()
    assert owner.output == b"last words"
    assert owner.lost == [(None, "frame of unknown type 255")]
    await sandbox.stop()
    assert len(owner.lost) == 1  # the exit of a process that was let go is no news


@by_hand
async def test_a_frame_larger_than_the_socket_is_sent_in_pieces_and_arrives_whole() -> None:
    got: list[bytes] = []

    async def read(program: Program) -> None:
        got.append((await program.receive())[1])
        await hang(program)

    process = RuntimeProcess(Owner())
    process.send(b"\x02" + (2_000_000).to_bytes(4, "big") + b"e" * 2_000_000)
    assert process.sending
    sandbox = FakeSandbox(read)
    await process.start(sandbox, "p")
    for _ in range(10):
        await settle()
    assert got == [b"e" * 2_000_000]
    assert not process.sending
    process.close()
    await sandbox.stop()


@by_hand
async def test_a_program_that_runs_already_is_spoken_to_and_not_launched() -> None:
    channel, far_channel = socket.socketpair()
    output, far_output = os.pipe()
    owner, sandbox = Owner(), FakeSandbox(hang)
    process = RuntimeProcess(owner, Started(7, channel, output))
    process.send(b"first")
    await process.start(sandbox, "p")
    os.write(far_output, b"printed")
    await settle()
    assert far_channel.recv(10) == b"first"
    assert owner.output == b"printed"
    assert sandbox.done == []
    sandbox._ended(Exit(3, None))
    assert owner.lost == [(Exit(3, None), None)]
    far_channel.close()
    os.close(far_output)


@by_hand
async def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        process = RuntimeProcess(Owner())
        sandbox = FakeSandbox(hang)
        await process.start(sandbox, "p")
        await settle()
        process.close()
        await sandbox.stop()
    assert len(os.listdir("/proc/self/fd")) == before
