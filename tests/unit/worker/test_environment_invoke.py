"""INVOKE: answers, failures of every kind, the log of it, and what the environment is afterwards."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest
from tests.support.looptime import advance, by_hand, settle
from tests.support.sandboxes import Program, Script, echo, hang
from tests.support.stage import masked, started

from ingle.model.environment import IllegalTransition, Phase
from ingle.model.invocation import MAX_RESPONSE_PAYLOAD
from ingle.sandbox.api import Exit
from ingle.worker.framed import FramedRuntime


def on_invoke(deed: Script, ready: bool = True) -> Script:
    """A runtime that does `deed` with its first invocation, whose request id is in `program.init`."""

    async def script(program: Program) -> None:
        await program.ready()
        meta, _ = await program.take_invoke()
        program.init = meta
        await deed(program)

    return script


@by_hand
async def test_an_invocation_is_echoed_and_logged_with_its_init_once() -> None:
    here = await started(echo)
    call = await here.call(b'{"a":1}')
    assert call.outcome.payload == b'{"a":1}'
    assert call.outcome.function_error is None
    assert call.outcome.log_tail is None
    assert masked(here.log.lines)[1:] == [
        f"START RequestId: {call.id} Version: $LATEST",
        f"END RequestId: {call.id}",
        f"REPORT RequestId: {call.id}\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\tInit Duration: N ms\t",
    ]
    await here.call()
    assert "Init Duration" not in here.log.lines[-1]
    assert here.free == [Phase.READY, Phase.READY]


@by_hand
async def test_the_runtime_is_told_who_asks_and_until_when() -> None:
    seen: list[dict[str, object]] = []

    async def keep(program: Program) -> None:
        seen.append(program.init)
        program.respond(str(program.init["request_id"]), b"1")

    here = await started(on_invoke(keep))
    call = await here.call(client_context='{"custom":"\u00e9\\n"}', cognito_identity='{"x":1}')
    (meta,) = seen
    assert meta["request_id"] == call.id
    assert meta["function_arn"] == "arn:aws:lambda:us-east-1:000000000000:function:f"
    assert meta["client_context"] == '{"custom":"\u00e9\\n"}'
    assert meta["cognito_identity"] == '{"x":1}'
    assert meta["trace_id"] == "Root=1-0-0;Parent=0;Sampled=0"
    assert isinstance(meta["deadline_ms"], int)


@by_hand
async def test_an_error_of_the_function_is_unhandled_and_leaves_the_runtime_alone() -> None:
    async def fail(program: Program) -> None:
        program.fail(str(program.init["request_id"]), {"errorType": "ValueError", "errorMessage": "x"})
        await program.echo()

    here = await started(on_invoke(fail))
    call = await here.call()
    assert call.outcome.function_error == "Unhandled"
    assert json.loads(call.outcome.payload) == {"errorType": "ValueError", "errorMessage": "x"}
    assert (await here.call(b"2")).outcome.payload == b"2"


@pytest.mark.parametrize(
    ("exit", "kind", "message"),
    [
        (Exit(1, None), "Runtime.ExitError", "Runtime exited with error: exit status 1"),
        (Exit(0, None), "Runtime.ExitError", "Runtime exited without providing a reason"),
        (Exit(None, signal.SIGKILL), "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        (
            Exit(None, signal.SIGKILL, True),
            "Runtime.OutOfMemory",
            "Runtime exited with error: signal: killed",
        ),
        (
            Exit(None, signal.SIGSEGV),
            "Runtime.ExitError",
            "Runtime exited with error: signal: segmentation fault",
        ),
        (Exit(None, 42), "Runtime.ExitError", "Runtime exited with error: signal: signal 42"),
    ],
)
@pytest.mark.parametrize("channel_first", [False, True])
@by_hand
async def test_the_end_of_a_runtime_is_told_whichever_news_comes_first(
    exit: Exit, kind: str, message: str, channel_first: bool
) -> None:
    async def die(program: Program) -> None:
        program.write("last words")
        if channel_first:
            program.hang_up()
            await settle()
        program.exit(exit.code, exit.signal, exit.out_of_memory)

    here = await started(on_invoke(die), echo)
    call = await here.call()
    await settle()
    assert json.loads(call.outcome.payload) == {
        "errorType": kind,
        "errorMessage": f"RequestId: {call.id} Error: {message}",
    }
    assert here.log.lines[2:5] == [
        "last words",
        f"RequestId: {call.id} Error: {message}\n{kind}",
        f"END RequestId: {call.id}",
    ]
    assert here.log.lines[5].endswith(f"\tStatus: error\tError Type: {kind}")
    assert here.environment.phase is Phase.RESET
    assert here.free == [Phase.RESET]
    assert (await here.call(b"2")).outcome.payload == b"2"


@by_hand
async def test_a_runtime_that_closes_its_channel_and_lives_on_is_lost_after_a_second() -> None:
    async def hang_up(program: Program) -> None:
        program.hang_up()
        await hang(program)

    here = await started(on_invoke(hang_up))
    call = here.invoke()
    await advance(0.9)
    assert call.answers == []
    await advance(0.2)
    assert b"Runtime exited without providing a reason" in call.outcome.payload
    assert here.sandbox.alive == 0


@by_hand
async def test_an_answer_sent_right_before_the_exit_is_the_answer() -> None:
    async def answer_and_die(program: Program) -> None:
        program.respond(str(program.init["request_id"]), b"7")
        program.exit(1)

    here = await started(on_invoke(answer_and_die), echo)
    call = await here.call()
    assert call.outcome.payload == b"7"
    assert here.environment.phase is Phase.RESET
    assert (await here.call(b"2")).outcome.payload == b"2"


@by_hand
async def test_a_timeout_is_answered_at_the_timeout_and_kills_the_runtime() -> None:
    async def print_and_hang(program: Program) -> None:
        program.write("busy\n")
        await hang(program)

    here = await started(on_invoke(print_and_hang), echo, timeout=1.5)
    call = here.invoke()
    await advance(1.49)
    assert call.answers == []
    await advance(0.02)
    assert json.loads(call.outcome.payload)["errorMessage"] == (
        f"RequestId: {call.id} Error: Task timed out after 1.50 seconds"
    )
    assert masked(here.log.lines)[2:5] == [
        "busy",
        f"T {call.id} Task timed out after 1.50 seconds",
        f"END RequestId: {call.id}",
    ]
    assert here.log.lines[5].endswith("\tStatus: timeout")
    assert here.sandbox.alive == 0
    assert (await here.call(b"2")).outcome.payload == b"2"


@by_hand
async def test_an_answer_after_the_timeout_reaches_nobody() -> None:
    async def late(program: Program) -> None:
        try:
            await hang(program)
        finally:
            program.respond(str(program.init["request_id"]), b"late")

    here = await started(on_invoke(late), echo, timeout=1)
    call = here.invoke()
    await advance(1.1)
    assert len(call.answers) == 1
    again = await here.call(b"2")
    assert again.outcome.payload == b"2"


@pytest.mark.parametrize(
    "misdeed",
    [
        pytest.param(lambda p: p.respond("0" * 36, b"1"), id="another request's id"),
        pytest.param(lambda p: p.frame(18, b"short"), id="a RESPONSE shorter than an id"),
        pytest.param(lambda p: p.frame(16), id="READY again"),
        pytest.param(lambda p: p.frame(17, b"{}"), id="INIT_ERROR after INIT"),
        pytest.param(lambda p: p.raw(b"\xff" * 9), id="no frame at all"),
        pytest.param(lambda p: p.frame(20, b"x"), id="LOG without its head"),
    ],
)
@by_hand
async def test_a_broken_rule_ends_the_invocation_and_resets_the_environment(misdeed: object) -> None:
    async def script(program: Program) -> None:
        program.write("before\n")
        misdeed(program)  # type: ignore[operator]
        await hang(program)

    here = await started(on_invoke(script), echo)
    call = await here.call()
    assert json.loads(call.outcome.payload)["errorType"] == "Runtime.ExitError"
    assert "before" in here.log.lines
    assert here.sandbox.alive == 0
    assert (await here.call(b"2")).outcome.payload == b"2"


@by_hand
async def test_a_second_answer_costs_the_runtime_its_life_and_no_caller_anything() -> None:
    async def twice(program: Program) -> None:
        program.respond(str(program.init["request_id"]), b"1")
        program.respond(str(program.init["request_id"]), b"2")
        await hang(program)

    here = await started(on_invoke(twice), echo)
    call = await here.call()
    assert call.outcome.payload == b"1"
    assert here.environment.phase is Phase.RESET
    assert (await here.call(b"3")).outcome.payload == b"3"


@by_hand
async def test_an_answer_before_the_event_was_read_is_no_answer() -> None:
    async def hasty(program: Program) -> None:
        await program.ready()
        await hang(program)

    here = await started(hasty, echo)
    call = here.invoke(b"x" * 3_000_000)
    runtime = here.environment._runtime
    assert isinstance(runtime, FramedRuntime)
    runtime.frame_received((18, call.id.encode() + b"1"))
    await settle()
    assert call.outcome.function_error == "Unhandled"
    assert here.environment.phase is Phase.RESET


@by_hand
async def test_half_a_frame_and_silence_is_a_timeout() -> None:
    async def half(program: Program) -> None:
        program.raw(b"\x12\x00\x00\x00\x30abc")
        await hang(program)

    here = await started(on_invoke(half), timeout=1)
    call = here.invoke()
    await advance(1.1)
    assert b"Sandbox.Timedout" in call.outcome.payload


@by_hand
async def test_a_result_over_the_limit_is_read_to_its_end_and_answered_as_too_large() -> None:
    async def large(program: Program) -> None:
        size = 10_000_000
        header = b"\x12" + (36 + size).to_bytes(4, "big")
        await program.send(header + str(program.init["request_id"]).encode() + b"x" * size)
        await program.echo()

    here = await started(on_invoke(large))
    call = here.invoke()
    for _ in range(20):
        await settle()
        if call.answers:
            break
    assert json.loads(call.outcome.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (10000000 bytes) exceeded maximum allowed payload size "
        f"({MAX_RESPONSE_PAYLOAD} bytes).",
    }
    assert (await here.call(b"2")).outcome.payload == b"2"


@by_hand
async def test_the_tail_is_the_last_4_kb_of_this_invocation_and_of_init_before_the_first() -> None:
    async def chatty(program: Program) -> None:
        await program.take_init()
        program.write("loading\n")
        program.frame(16)
        while True:
            meta, event = await program.take_invoke()
            program.write(event.decode() + "\n")
            program.respond(meta["request_id"], b"1")

    here = await started(chatty)
    first = await here.call(b"one", wants_log_tail=True)
    tail = first.outcome.log_tail
    assert tail is not None
    assert b"loading\nSTART RequestId:" in tail
    assert tail.endswith(b"\t\n")
    second = (await here.call(b"y" * 6_000, wants_log_tail=True)).outcome.log_tail
    assert second is not None
    assert len(second) == 4096
    third = (await here.call(b"three", wants_log_tail=True)).outcome.log_tail
    assert third is not None
    assert third.startswith(b"START RequestId:")
    assert b"\nthree\nEND" in third


@by_hand
async def test_json_logs_are_platform_events() -> None:
    here = await started(echo, json_log=True)
    call = await here.call()
    events = [json.loads(line) for line in here.log.lines]
    assert [event["type"] for event in events] == ["platform.initStart", "platform.start", "platform.report"]
    assert events[1]["record"] == {"requestId": call.id, "version": "$LATEST"}
    assert events[2]["record"]["status"] == "success"
    assert events[2]["record"]["metrics"]["maxMemoryUsedMB"] == 36


@by_hand
async def test_a_log_event_keeps_its_place_behind_what_was_printed_before_it() -> None:
    async def mixed(program: Program) -> None:
        program.write("printed\n")
        program.log("logged\nin two lines", micros=1_700_000_000_123_000)
        await settle()
        program.write("printed again\n")
        program.respond(str(program.init["request_id"]), b"1")

    here = await started(on_invoke(mixed))
    await here.call()
    await settle()
    assert here.log.lines[2:5] == ["printed", "logged\nin two lines", "printed again"]
    assert here.log.events[3][0] == 1_700_000_000_123


@pytest.mark.parametrize("by_log_frames", [False, True])
@by_hand
async def test_a_flood_is_held_back_until_the_disk_has_caught_up(by_log_frames: bool) -> None:
    written: list[int] = []

    async def flood(program: Program) -> None:
        if by_log_frames:
            for _ in range(3_000):
                await program.send(b"\x14" + (1009).to_bytes(4, "big") + b"\0" * 9 + b"l" * 1_000)
                written.append(1)
        else:
            written.append(await program.flood(b"l" * 999 + b"\n", 20_000_000))
        program.respond(str(program.init["request_id"]), b"1")

    here = await started(on_invoke(flood), timeout=900)
    here.log.bound = 1_000
    call = here.invoke()
    for _ in range(40):
        await settle()
    assert len(here.log.events) < 3_000
    assert call.answers == []
    assert len(here.log.waiting) == 1
    here.log.clear()
    for _ in range(200):
        await settle()
        if call.answers:
            break
    assert call.outcome.payload == b"1"


@by_hand
async def test_a_runtime_that_dies_between_two_invocations_is_started_again_by_the_next() -> None:
    async def dies_idle(program: Program) -> None:
        await program.ready()
        await settle()
        program.exit(1)

    here = await started(dies_idle, echo)
    for _ in range(3):
        await settle()
    assert here.environment.phase is Phase.RESET
    call = await here.call(b"1")
    assert call.outcome.payload == b"1"


@by_hand
async def test_an_invocation_during_a_stop_waits_for_it_and_its_timeout_leaves_nothing_running() -> None:
    async def dies_idle(program: Program) -> None:
        await program.ready()
        await settle()
        program.exit(1)

    here = await started(dies_idle, echo, timeout=1)
    here.sandbox.stop_gate = asyncio.Event()
    for _ in range(3):
        await settle()
    call = here.invoke(b"1")
    await advance(1.1)
    assert b"Sandbox.Timedout" in call.outcome.payload
    assert here.free == []
    here.sandbox.stop_gate.set()
    await settle()
    assert here.free == [Phase.RESET]
    assert here.sandbox.done.count("launch") == 1  # nothing was started for a request that is over
    assert (await here.call(b"2")).outcome.payload == b"2"
    assert here.sandbox.alive == 1


@by_hand
async def test_one_invocation_at_a_time() -> None:
    here = await started(on_invoke(hang))
    here.invoke()
    with pytest.raises(IllegalTransition):
        here.invoke()


@by_hand
async def test_a_frozen_environment_is_thawed_by_its_next_invocation() -> None:
    here = await started(echo)
    here.environment.freeze()
    assert here.sandbox.frozen
    assert (await here.call(b"1")).outcome.payload == b"1"
    assert not here.sandbox.frozen


@pytest.mark.parametrize("suppressed_init", [False, True])
@by_hand
async def test_shut_down_ends_a_running_invocation_with_end_and_report(suppressed_init: bool) -> None:
    async def dies(program: Program) -> None:
        program.exit(1)

    here = await started(*([dies, hang] if suppressed_init else [on_invoke(hang)]))
    call = await here.call()
    await here.environment.shut_down()
    await here.environment.shut_down()
    await settle()
    assert call.error.code == "ServiceException"
    assert [line.split(" ")[0] for line in here.log.lines[-3:]] == ["START", "END", "REPORT"]
    assert here.environment.phase is Phase.SHUTDOWN
    assert here.free == []
    assert here.sandbox.alive == 0
    assert here.sandbox.done.count("destroy") == 1


@by_hand
async def test_shut_down_while_the_last_runtime_is_stopped_frees_nobody() -> None:
    async def die(program: Program) -> None:
        program.exit(1)

    here = await started(on_invoke(die), echo)
    here.sandbox.stop_gate = asyncio.Event()
    await here.call()
    await here.environment.shut_down()
    here.sandbox.stop_gate.set()
    await settle()
    assert here.free == []
    assert here.environment.phase is Phase.SHUTDOWN
