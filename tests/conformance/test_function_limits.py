"""Limits hold, their breach is told in Lambda's words, and the environment is reset: `/tmp` stays."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import invoke

pytestmark = pytest.mark.usefixtures("limits_hold")

_MODULE_STATE = "import os, sys, time\nCALLS = []\n"


def test_a_busy_loop_is_ended_at_its_timeout(client: Any, deploy: Deploy) -> None:
    name = deploy(
        _MODULE_STATE + "def handler(event, context):\n    while event:\n        pass\n    return 'fine'\n",
        Timeout=1,
    )
    began = time.monotonic()
    answer = invoke(client, name, True)
    took = time.monotonic() - began
    request_id = answer.headers["x-amzn-requestid"]
    assert 1.0 <= took < 1.5
    assert answer.error == "Unhandled"
    assert answer.value == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert f"{request_id} Task timed out after 1.00 seconds" in answer.log
    assert answer.log.rstrip().endswith("Status: timeout")
    assert invoke(client, name, False).value == "fine"


def test_128_mb_do_not_hold_300_mb(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return len(b'x' * (event * 1024 * 1024))\n", Timeout=30)
    answer = invoke(client, name, 300)
    assert answer.error == "Unhandled"
    assert answer.value == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {answer.headers['x-amzn-requestid']} "
        "Error: Runtime exited with error: signal: killed",
    }
    assert "Memory Size: 128 MB\tMax Memory Used: 128 MB" in answer.log
    assert invoke(client, name, 1).value == 1024 * 1024


@pytest.mark.parametrize("end", ["sys.exit(3)", "os._exit(3)"])
def test_a_runtime_that_exits_is_started_again(client: Any, deploy: Deploy, end: str) -> None:
    name = deploy(
        _MODULE_STATE + f"def handler(event, context):\n    CALLS.append(1)\n"
        f"    if event:\n        {end}\n    return len(CALLS)\n"
    )
    assert invoke(client, name, False).value == 1
    assert invoke(client, name, False).value == 2
    answer = invoke(client, name, True)
    assert answer.error == "Unhandled"
    assert answer.value == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.headers['x-amzn-requestid']} "
        "Error: Runtime exited with error: exit status 3",
    }
    after = invoke(client, name, False)
    assert after.value == 1
    assert "INIT_START" not in after.log
    assert "Init Duration" not in after.log


def test_tmp_is_kept_between_invocations_and_over_a_crash(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n"
        "    with open('/tmp/log', 'a') as file:\n        file.write(event)\n"
        "    if event == 'b':\n        os._exit(1)\n"
        "    return open('/tmp/log').read()\n"
    )
    assert invoke(client, name, "a").value == "a"
    assert invoke(client, name, "b").error == "Unhandled"
    assert invoke(client, name, "c").value == "abc"


def test_tmp_has_the_size_of_ephemeral_storage(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n    about = os.statvfs('/tmp')\n"
        "    return about.f_blocks * about.f_frsize\n",
        EphemeralStorage={"Size": 777},
    )
    assert invoke(client, name).value == 777 * 1024 * 1024


def test_the_code_cannot_be_written_to(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    open('/var/task/new', 'w')\n")
    answer = invoke(client, name)
    assert answer.value["errorType"] == "OSError"
    assert answer.value["errorMessage"] == "[Errno 30] Read-only file system: '/var/task/new'"


def test_6_mb_go_in_and_come_back(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return event\n", MemorySize=512, Timeout=30)
    event = "x" * (6_291_456 - 2)
    assert invoke(client, name, event).value == event


def test_a_result_over_the_limit_is_told_with_both_sizes(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return 'x' * event\n", MemorySize=512, Timeout=30)
    assert len(invoke(client, name, 6_291_556 - 2).value) == 6_291_554
    answer = invoke(client, name, 6_291_556 - 1)
    assert answer.error == "Unhandled"
    assert answer.value == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (6291557 bytes) exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }


def test_an_init_that_fails_is_repeated_in_the_invocation(client: Any, deploy: Deploy) -> None:
    name = deploy("raise RuntimeError('no luck')\n")
    answer = invoke(client, name)
    assert answer.error == "Unhandled"
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("RuntimeError", "no luck")
    phases = [line for line in answer.log.splitlines() if line.startswith("INIT_REPORT")]
    assert ["Phase: init" in phases[0], "Phase: invoke" in phases[-1]] == [True, True]
