"""INIT: how it ends, what it writes, and what the first invocation is told of its failure."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.support.looptime import advance, by_hand, settle
from tests.support.sandboxes import Program, echo, hang
from tests.support.stage import masked, stage, started

from ingle.model.environment import Phase
from ingle.sandbox.api import SandboxError

INIT_START = (
    "INIT_START Runtime Version: python:3.12.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:abc"
)


async def import_error(program: Program) -> None:
    await program.take_init()
    program.write("Traceback\n")
    program.frame(17, b'{"errorType":"Runtime.ImportModuleError","errorMessage":"no"}')
    program.exit(1)


async def exits_in_init(program: Program) -> None:
    await program.take_init()
    program.exit(3)


async def exits_after_ready(program: Program) -> None:
    await program.ready()
    program.exit(7)


@by_hand
async def test_init_carries_handler_environment_and_log_format() -> None:
    seen: list[Program] = []

    async def script(program: Program) -> None:
        seen.append(program)
        await echo(program)

    here = await started(script, log_format="Text", application_log_level="DEBUG")
    assert here.environment.phase is Phase.READY
    assert seen[0].init == {
        "handler": "app.handler",
        "environ": {"A": "1"},
        "log_format": "Text",
        "log_level": "DEBUG",
    }
    assert here.log.lines == [INIT_START]


@by_hand
async def test_a_failed_init_is_reported_and_repeated_inside_the_first_invocation() -> None:
    here = await started(import_error)
    assert here.environment.phase is Phase.RESET
    assert masked(here.log.lines) == [
        INIT_START,
        "Traceback",
        "INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError",
    ]
    here.log.events.clear()
    call = await here.call()
    assert json.loads(call.outcome.payload)["errorType"] == "Runtime.ImportModuleError"
    assert call.outcome.function_error == "Unhandled"
    assert masked(here.log.lines) == [
        "Traceback",
        "INIT_REPORT Init Duration: N ms\tPhase: invoke\tStatus: error\t"
        "Error Type: Runtime.ImportModuleError",
        f"START RequestId: {call.id} Version: $LATEST",
        f"END RequestId: {call.id}",
        f"REPORT RequestId: {call.id}\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\tStatus: error\tError Type: Runtime.ImportModuleError",
    ]
    assert here.free == [Phase.RESET]


@by_hand
async def test_a_runtime_that_exits_in_init_tells_its_exit_status() -> None:
    here = await started(exits_in_init)
    call = await here.call()
    assert json.loads(call.outcome.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {call.id} Error: Runtime exited with error: exit status 3",
    }
    assert here.sandbox.alive == 0


@by_hand
async def test_init_ends_after_ten_seconds_and_is_repeated_under_the_functions_timeout() -> None:
    here = stage(hang, timeout=3.0)
    init = asyncio.create_task(here.environment.initialise())
    await advance(9.9)
    assert not init.done()
    await advance(0.2)
    assert init.done()
    assert masked(here.log.lines)[1:] == ["INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: timeout"]
    here.log.events.clear()
    call = here.invoke()
    await advance(2.9)
    assert call.answers == []
    await advance(0.2)
    assert json.loads(call.outcome.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {call.id} Error: Task timed out after 3.00 seconds",
    }
    assert masked(here.log.lines) == [
        "INIT_REPORT Init Duration: N ms\tPhase: invoke\tStatus: timeout",
        f"START RequestId: {call.id} Version: $LATEST",
        f"T {call.id} Task timed out after 3.00 seconds",
        f"END RequestId: {call.id}",
        f"REPORT RequestId: {call.id}\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\tStatus: timeout",
    ]
    assert here.environment.phase is Phase.RESET
    assert here.sandbox.alive == 0


@by_hand
async def test_init_repeated_after_a_failure_serves_the_invocation_and_the_next_ones() -> None:
    here = await started(exits_in_init, echo)
    call = await here.call(b"1")
    assert call.outcome.payload == b"1"
    assert "Init Duration" not in here.log.lines[-1]
    assert (await here.call(b"2")).outcome.payload == b"2"
    assert here.free == [Phase.READY, Phase.READY]
    assert here.sandbox.done.count("launch") == 2


@by_hand
async def test_a_runtime_lost_in_the_same_breath_as_ready_has_failed_its_init() -> None:
    here = await started(exits_after_ready)
    assert here.environment.phase is Phase.RESET
    call = await here.call()
    assert json.loads(call.outcome.payload)["errorMessage"].endswith("exit status 7")
    assert here.free == [Phase.RESET]


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([(99, b"")], id="unknown type"),
        pytest.param([(16, b""), (16, b"")], id="READY twice"),
        pytest.param([(18, b"x" * 36)], id="RESPONSE before READY"),
        pytest.param([(16, b""), (18, b"x" * 36)], id="RESPONSE before INVOKE"),
        pytest.param([(20, b"short")], id="LOG without its head"),
        pytest.param([(16, b"more")], id="READY with a payload"),
    ],
)
@by_hand
async def test_a_runtime_that_breaks_the_channels_rules_in_init_is_not_trusted_again(
    frames: list[tuple[int, bytes]],
) -> None:
    async def script(program: Program) -> None:
        await program.take_init()
        program.write("before\n")
        for kind, payload in frames:
            program.frame(kind, payload)
        await hang(program)

    here = await started(script, echo)
    await settle()
    assert here.environment.phase is Phase.RESET
    assert here.sandbox.alive == 0
    assert "before" in here.log.lines
    assert (await here.call(b"1")).outcome.payload == b"1"


@by_hand
async def test_ready_before_the_environment_was_read_breaks_the_rules() -> None:
    async def script(program: Program) -> None:
        program.frame(16)
        await hang(program)

    here = await started(script, variables={})
    assert here.environment.phase is Phase.READY  # a short INIT is in the socket: nothing can be told
    here = stage(script)
    here.environment._equipment.variables["LARGE"] = "x" * 1_000_000
    await here.environment.initialise()
    assert here.environment.phase is Phase.RESET


@by_hand
async def test_a_sandbox_that_cannot_launch_is_our_fault_not_the_functions() -> None:
    here = stage(echo)
    here.sandbox.launch_error = SandboxError("no zygote")
    with pytest.raises(SandboxError):
        await here.environment.initialise()
    await here.environment.shut_down()
    assert here.environment.phase is Phase.SHUTDOWN


@by_hand
async def test_a_launch_that_fails_inside_an_invocation_is_answered_as_a_service_error() -> None:
    here = await started(exits_in_init)
    here.sandbox.launch_error = SandboxError("no zygote")
    call = await here.call()
    assert call.error.code == "ServiceException"
    assert here.environment.phase is Phase.RESET
    assert here.free == [Phase.RESET]


@by_hand
async def test_shut_down_in_init_ends_it_quietly() -> None:
    here = stage(hang)
    init = asyncio.create_task(here.environment.initialise())
    await settle()
    await here.environment.shut_down()
    await init
    assert here.environment.phase is Phase.SHUTDOWN
    assert here.log.lines == [INIT_START]
    assert here.log.closed
    assert here.sandbox.alive == 0
