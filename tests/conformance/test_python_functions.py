"""What a Python function sees, and what its caller is told when it fails: as in Lambda."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, invoke
from tests.conformance.node import ACCOUNT, REGION, Node

_STREAM = re.compile(r"\d{4}/\d{2}/\d{2}/\[\$LATEST\][0-9a-f]{32}")
_RUNTIMES = ("python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13")


def test_the_environment_variables_are_lambda_s_and_the_function_s_own(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        MemorySize=192,
        Environment={"Variables": {"COLOUR": "ü b=c"}},
    )
    seen = invoke(client, name).value
    assert seen["COLOUR"] == "ü b=c"
    expected = {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "192",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "_HANDLER": "app.handler",
        "TZ": ":UTC",
    }
    assert {key: seen.get(key) for key in expected} == expected
    assert _STREAM.fullmatch(seen["AWS_LAMBDA_LOG_STREAM_NAME"])
    assert seen["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert not [key for key in seen if "INGLE" in key]


def test_the_context_object_knows_the_invocation(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "def handler(event, context):\n"
        "    return [context.aws_request_id, context.invoked_function_arn, context.function_name,\n"
        "            context.function_version, context.memory_limit_in_mb, context.log_group_name,\n"
        "            context.log_stream_name, context.get_remaining_time_in_millis()]\n",
        Timeout=7,
    )
    answer = invoke(client, name)
    *named, stream, remaining = answer.value
    assert named == [
        answer.headers["x-amzn-requestid"],
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        name,
        "$LATEST",
        "128",
        f"/aws/lambda/{name}",
    ]
    assert _STREAM.fullmatch(stream)
    assert 6_000 < remaining <= 7_000


@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        (ECHO, "app.nope", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'"),
        (
            ECHO,
            "nope.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'nope': No module named 'nope'",
        ),
        (
            ECHO,
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        (
            "import nothing_of_the_kind\n",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nothing_of_the_kind'",
        ),
        (
            "def handler(:\n",
            "app.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'app': invalid syntax (app.py, line 1)",
        ),
        (
            "def handler(event, context):\n    return {1, 2}\n",
            "app.handler",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
    ],
)
def test_a_function_that_cannot_work_is_an_unhandled_error(
    client: Any, deploy: Deploy, source: str, handler: str, error_type: str, message: str
) -> None:
    answer = invoke(client, deploy(source, Handler=handler))
    assert (answer.status, answer.error) == (200, "Unhandled")
    assert (answer.value["errorType"], answer.value["errorMessage"]) == (error_type, message)
    assert error_type in answer.log


def test_an_exception_is_an_error_object_with_its_stack_and_stands_in_the_log(
    client: Any, deploy: Deploy
) -> None:
    name = deploy(
        "class Sour(Exception):\n    pass\n\n"
        "def bite():\n    raise Sour('a lemon')\n\n"
        "def handler(event, context):\n    if event:\n        bite()\n    return 'fine'\n"
    )
    answer = invoke(client, name, True)
    assert answer.error == "Unhandled"
    assert answer.value == {
        "errorMessage": "a lemon",
        "errorType": "Sour",
        "requestId": answer.headers["x-amzn-requestid"],
        "stackTrace": [
            '  File "/var/task/app.py", line 9, in handler\n    bite()\n',
            "  File \"/var/task/app.py\", line 5, in bite\n    raise Sour('a lemon')\n",
        ],
    }
    assert "[ERROR] Sour: a lemon\nTraceback (most recent call last):\n" in answer.log
    assert invoke(client, name, False).value == "fine"


def test_print_and_logging_stand_in_the_log(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import logging, sys\nlogging.getLogger().setLevel('INFO')\n"
        "def handler(event, context):\n"
        "    print('first')\n    print('second', file=sys.stderr)\n"
        "    logging.info('third')\n    logging.debug('hidden')\n"
    )
    answer = invoke(client, name)
    request_id = answer.headers["x-amzn-requestid"]
    first, second, third, end = answer.log.splitlines()[2:6]
    assert (first, second, end) == ("first", "second", f"END RequestId: {request_id}")
    assert re.fullmatch(rf"\[INFO\]\t\d{{4}}-\d\d-\d\dT[\d:.]+Z\t{request_id}\tthird", third)


def test_json_logs_are_objects_with_level_and_request_id(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import logging\n"
        "def handler(event, context):\n"
        "    logging.warning('mind %s', 'the gap', extra={'platform': 3})\n    logging.info('hidden')\n",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    )
    answer = invoke(client, name)
    events = [json.loads(line) for line in answer.log.splitlines() if line]
    request_id = answer.headers["x-amzn-requestid"]
    (own,) = [event for event in events if "type" not in event]
    assert (own["level"], own["message"], own["requestId"], own["platform"]) == (
        "WARNING",
        "mind the gap",
        request_id,
        3,
    )
    assert [event["type"] for event in events if "type" in event] == [
        "platform.initStart",
        "platform.start",
        "platform.report",
    ]


@pytest.mark.parametrize("runtime", _RUNTIMES)
def test_every_python_of_this_machine_runs_functions(
    node: Node, client: Any, deploy: Deploy, runtime: str
) -> None:
    found = node.health()["runtimes"]
    if runtime not in found:
        # Not a skip: which interpreters a machine has is its own affair, but the refusal must be clear.
        with pytest.raises(client.exceptions.InvalidParameterValueException, match="not installed"):
            deploy(ECHO, Runtime=runtime)
        return
    name = deploy(
        "import sys, json, decimal, ssl, sqlite3\n"
        "def handler(event, context):\n    return ['%d.%d' % sys.version_info[:2], event]\n",
        Runtime=runtime,
    )
    assert invoke(client, name, {"n": 1}).value == [runtime.removeprefix("python"), {"n": 1}]


def test_boto3_inside_a_function_reaches_this_node(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import boto3\n"
        "def handler(event, context):\n"
        "    functions = boto3.client('lambda').list_functions()['Functions']\n"
        "    return [function['FunctionName'] for function in functions]\n",
        MemorySize=512,
        Timeout=30,
    )
    assert name in invoke(client, name).value


def test_a_function_invokes_another_function(client: Any, deploy: Deploy) -> None:
    other = deploy(ECHO)
    name = deploy(
        "import boto3, json\n"
        "def handler(event, context):\n"
        "    payload = json.dumps({'from': 'inside'})\n"
        "    answer = boto3.client('lambda').invoke(FunctionName=event, Payload=payload)\n"
        "    return json.load(answer['Payload'])\n",
        MemorySize=512,
        Timeout=30,
    )
    assert invoke(client, name, other).value == {"echo": {"from": "inside"}}


def test_random_numbers_and_identifiers_differ_between_environments(client: Any, deploy: Deploy) -> None:
    source = (
        "import random, uuid, os, secrets\n"
        "AT_INIT = [random.random(), str(uuid.uuid4()), secrets.token_hex(8)]\n"
        "def handler(event, context):\n    return AT_INIT + [random.random(), os.urandom(8).hex()]\n"
    )
    drawn = [value for _ in range(4) for value in invoke(client, deploy(source)).value]
    assert len(set(drawn)) == len(drawn)


def test_a_frozen_environment_does_not_run_between_invocations(
    node: Node, client: Any, deploy: Deploy, limits_hold: None
) -> None:
    """A thread counts a hundred times a second; after the grace of 0.1 s it stands still."""
    name = deploy(
        "import threading, time\nTICKS = [0]\n"
        "def count():\n    while True:\n        TICKS[0] += 1\n        time.sleep(0.01)\n"
        "threading.Thread(target=count, daemon=True).start()\n"
        "def handler(event, context):\n    return TICKS[0]\n"
    )
    before = invoke(client, name).value
    time.sleep(0.6)
    assert invoke(client, name).value - before < 30
