"""What a Python function sees and what the node gets, on every CPython that Lambda has had from 3.8 on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ingle.worker.catalogue import Installation

if TYPE_CHECKING:
    from tests.unit.runtimes.conftest import Start

READY, INIT_ERROR, RESPONSE, ERROR = 16, 17, 18, 19
REQUEST_ID = "11111111-2222-3333-4444-555555555555"

OUTCOMES = {
    "a dict": ("return {'a': [1, 2.5, None, True]}", RESPONSE, {"a": [1, 2.5, None, True]}),
    "nothing": ("return None", RESPONSE, None),
    "the event": ("return event", RESPONSE, {"key": "\u00e9"}),
    "a decimal": ("import decimal; return decimal.Decimal('1.10')", RESPONSE, 1.1),
    "a set": (
        "return {1}",
        ERROR,
        {
            "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
            "errorType": "Runtime.MarshalError",
            "requestId": REQUEST_ID,
            "stackTrace": [],
        },
    ),
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_a_result_is_answered_as_aws_marshals_it(what: str, installation: Installation, start: Start) -> None:
    body, kind, expected = OUTCOMES[what]
    (node,) = start(installation, f"def handler(event, context):\n    {body}\n")
    assert node.init().kind == READY
    answer = node.invoke('{"key": "\u00e9"}'.encode())
    assert (answer.kind, json.loads(answer.body)) == (kind, expected)
    assert node.end() == (0, "")


def test_an_exception_is_an_error_object_and_one_log_event(installation: Installation, start: Start) -> None:
    (node,) = start(installation, "def handler(event, context):\n    raise ValueError('no')\n")
    node.init()
    answer = node.invoke(b"{}")
    path = node.task / "app.py"
    assert answer.json == {
        "errorMessage": "no",
        "errorType": "ValueError",
        "requestId": REQUEST_ID,
        "stackTrace": [f"  File \"{path}\", line 2, in handler\n    raise ValueError('no')\n"],
    }
    hard = "\u00a0"  # Lambda indents tracebacks by no-break spaces
    trace = f"{hard * 2}File \"{path}\", line 2, in handler\n{hard * 4}raise ValueError('no')"
    assert answer.logs == [(5, f"[ERROR] ValueError: no\nTraceback (most recent call last):\n{trace}")]


def test_an_event_that_is_not_json_is_an_unmarshal_error_and_the_next_one_works(
    installation: Installation, start: Start
) -> None:
    (node,) = start(installation, "def handler(event, context):\n    return event\n")
    node.init()
    refused = node.invoke(b"{nope").json
    assert refused["errorType"] == "Runtime.UnmarshalError"
    assert str(refused["errorMessage"]).startswith("Unable to unmarshal input: ")
    assert node.invoke(b"1").body == b"1"


INIT_FAILURES = {
    "nope.handler": ("Runtime.ImportModuleError", "Unable to import module 'nope': No module named 'nope'"),
    "app.nope": ("Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'"),
    "app": (
        "Runtime.MalformedHandlerName",
        "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
    ),
    "sys.exit": ("Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    "broken.handler": ("Runtime.UserCodeSyntaxError", "Syntax error in module 'broken': "),
    "raises.handler": ("KeyError", "'x'"),
}


@pytest.mark.parametrize("handler", INIT_FAILURES)
def test_a_handler_that_cannot_be_loaded_is_an_init_error_and_exit_1(
    handler: str, installation: Installation, start: Start
) -> None:
    error_type, message = INIT_FAILURES[handler]
    (node,) = start(installation, "def handler(event, context): pass\n")
    (node.task / "broken.py").write_text("def (:\n")
    (node.task / "raises.py").write_text("{}['x']\n")
    answer = node.init(handler)
    assert answer.kind == INIT_ERROR
    assert answer.json["errorType"] == error_type
    assert str(answer.json["errorMessage"]).startswith(message)
    assert [level for level, _ in answer.logs] == [0, 5]
    assert answer.logs[0][1].startswith("[WARNING]\t")
    assert node.end() == (1, "")


ENDS = {
    "sys.exit(7)": ("import sys; sys.exit(7)", 7, ""),
    "exit()": ("exit()", 0, ""),
    "sys.exit('why')": ("import sys; sys.exit('why')", 1, "why\n"),
    "os._exit(3)": ("import os; os._exit(3)", 3, ""),
}


@pytest.mark.parametrize("where", ["handler", "import"])
@pytest.mark.parametrize("how", ENDS)
def test_a_function_that_exits_ends_the_runtime_with_its_status(
    how: str, where: str, installation: Installation, start: Start
) -> None:
    code, status, output = ENDS[how]
    source = f"def handler(event, context):\n    {code}\n" if where == "handler" else f"{code}\n"
    (node,) = start(installation, source)
    if where == "handler":
        node.init()
    with pytest.raises(EOFError):
        node.invoke(b"{}") if where == "handler" else node.init()
    assert node.end() == (status, output)


def test_exit_functions_run_and_threads_are_joined_when_a_function_exits(
    installation: Installation, start: Start
) -> None:
    source = """
import atexit, sys, threading
atexit.register(print, "atexit")
def handler(event, context):
    threading.Thread(target=lambda: print("thread")).start()
    sys.exit(2)
"""
    (node,) = start(installation, source)
    node.init()
    with pytest.raises(EOFError):
        node.invoke(b"{}")
    assert node.end() == (2, "thread\natexit\n")


ABOUT = """
import os, sys
def handler(event, context):
    return {
        "path": sys.path, "argv": sys.argv, "cwd": os.getcwd(), "environ": dict(os.environ),
        "main": repr(sys.modules["__main__"]), "encoding": sys.stdout.encoding,
        "stray": [m for m in ("boto3", "botocore", "numpy") if m in sys.modules],
        "shown": sys.modules["simplejson"].__file__,
    }
"""


def test_the_process_looks_as_in_lambda(installation: Installation, start: Start) -> None:
    (node,) = start(installation, ABOUT)
    node.init(environ={"MINE": "\u00e9"})
    seen = node.invoke(b"{}", trace_id="Root=1").json
    task, runtime = str(node.task), installation.directory
    layer = f"/opt/python/lib/{installation.runtime}/site-packages"
    path = seen["path"]
    assert isinstance(path, list)
    assert path[:4] == [task, layer, "/opt/python", runtime]
    assert not any("site-packages" in place for place in path if not place.startswith("/opt"))
    assert seen["argv"] == [f"{runtime}/bootstrap.py"]
    assert seen["cwd"] == task
    assert seen["environ"] == {
        "LAMBDA_TASK_ROOT": task,
        "LAMBDA_RUNTIME_DIR": runtime,
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "TZ": ":UTC",
        "PATH": "/bin:/usr/bin",
        "PYTHONPATH": runtime,
        "MINE": "\u00e9",
        "_X_AMZN_TRACE_ID": "Root=1",
    }
    assert (seen["main"], seen["encoding"], seen["stray"]) == ("<module '__main__'>", "utf-8", [])
    assert seen["shown"] == f"{runtime}/simplejson/__init__.py"


def test_no_traceback_shows_where_the_runtime_lies_on_the_host(
    installation: Installation, start: Start
) -> None:
    source = """
import traceback
def handler(event, context):
    return [frame.filename for frame in traceback.extract_stack()]
"""
    (node,) = start(installation, source)
    node.init()
    files = json.loads(node.invoke(b"{}").body)
    assert not [name for name in files if name.startswith(installation.directory)]
    assert "/var/runtime/ingle_runtime/program.py" in files


def test_a_pythonpath_of_the_function_replaces_the_layers_directories(
    installation: Installation, start: Start
) -> None:
    (node,) = start(installation, ABOUT)
    node.init(environ={"PYTHONPATH": "/opt/lib:/opt/more"})
    path = node.invoke(b"{}").json["path"]
    assert isinstance(path, list)
    assert path[:4] == [str(node.task), installation.directory, "/opt/lib", "/opt/more"]
    assert "/opt/python" not in path


def test_pth_files_beside_the_function_are_honoured(installation: Installation, start: Start) -> None:
    (node,) = start(installation, "import inner\ndef handler(event, context):\n    return inner.VALUE\n")
    (node.task / "vendored").mkdir()
    (node.task / "vendored" / "inner.py").write_text("VALUE = 5\n")
    (node.task / "here.pth").write_text("vendored\n")
    assert node.init().kind == READY
    assert node.invoke(b"{}").body == b"5"


def test_the_context_carries_what_the_invocation_says(installation: Installation, start: Start) -> None:
    source = """
def handler(event, context):
    return [context.aws_request_id, context.function_name, context.memory_limit_in_mb,
            context.invoked_function_arn, context.client_context.custom,
            context.client_context.client.app_title, context.identity.cognito_identity_id,
            0 < context.get_remaining_time_in_millis() <= 3000]
"""
    (node,) = start(installation, source)
    node.init()
    answer = node.invoke(
        b"{}",
        client_context='{"custom": {"a": 1}, "client": {"app_title": "t"}}',
        cognito_identity='{"cognitoIdentityId": "id", "cognitoIdentityPoolId": "pool"}',
    )
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    assert json.loads(answer.body) == [REQUEST_ID, "f", "128", arn, {"a": 1}, "t", "id", True]


def test_handlers_are_found_in_packages_by_dots_and_by_slashes(
    installation: Installation, start: Start
) -> None:
    for handler in ("pkg.inner.handler", "pkg/inner.handler"):
        (node,) = start(installation, "")
        (node.task / "pkg").mkdir(exist_ok=True)
        (node.task / "pkg" / "inner.py").write_text("def handler(event, context):\n    return 'in'\n")
        assert node.init(handler).kind == READY
        assert node.invoke(b"{}").body == b'"in"'


def test_forks_of_one_zygote_share_no_randomness(installation: Installation, start: Start) -> None:
    source = """
import os, random, ssl, tempfile, uuid
def handler(event, context):
    return [random.random(), uuid.uuid4().hex, uuid.uuid1().hex, ssl.RAND_bytes(8).hex(),
            next(tempfile._get_candidate_names())]
"""
    first, second = start(installation, source, programs=2)
    seen = []
    for node in (first, second):
        node.init()
        seen.append(json.loads(node.invoke(b"{}").body))
    assert all(one != other for one, other in zip(*seen, strict=True))


def test_json_logs_have_levels_and_fields(installation: Installation, start: Start) -> None:
    source = """
import logging
def handler(event, context):
    logging.getLogger("mine").info("hidden")
    logging.getLogger("mine").warning("shown %s", 1, extra={"k": "v"})
    raise KeyError("gone")
"""
    (node,) = start(installation, source)
    node.init(log_format="JSON", log_level="WARN")
    answer = node.invoke(b"{}")
    (warned, text), (failed, trace) = answer.logs
    shown = json.loads(text)
    assert (warned, failed) == (4, 5)
    assert (shown["message"], shown["level"], shown["k"]) == ("shown 1", "WARNING", "v")
    assert shown["requestId"] == REQUEST_ID
    assert json.loads(trace)["errorType"] == "KeyError"


HOSTILE = {
    "closes its stdout": "import os; os.closerange(1, 3)",
    "replaces sys.stdout": "import sys, io; sys.stdout = io.StringIO()",
    "closes sys.stdout": "import sys; sys.stdout.close()",
    "changes directory": "import os; os.chdir('/')",
    "clears the environment": "import os; os.environ.clear()",
    "leaves a thread": "import threading as t; t.Thread(target=t.Event().wait, daemon=True).start()",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_function_that_spoils_its_process_is_still_answered(
    what: str, installation: Installation, start: Start
) -> None:
    (node,) = start(installation, f"def handler(event, context):\n    {HOSTILE[what]}\n    return 1\n")
    node.init()
    assert [node.invoke(b"{}").body for _ in range(2)] == [b"1", b"1"]
    assert node.end()[0] == 0


def test_a_forked_child_that_returns_to_the_loop_answers_nothing(
    installation: Installation, start: Start
) -> None:
    source = """
import logging, os
def handler(event, context):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    logging.getLogger().error("from the child")
    return "child"
"""
    (node,) = start(installation, source)
    node.init()
    for _ in range(2):
        answer = node.invoke(b"{}")
        assert (answer.kind, answer.body, answer.logs) == (RESPONSE, b"0", [])
    status, output = node.end()
    assert status == 0
    assert output.count("from the child") == 2


def test_large_events_and_results_pass_whole(installation: Installation, start: Start) -> None:
    (node,) = start(installation, "def handler(event, context):\n    return event + event\n")
    node.init()
    answer = node.invoke(b'"' + b"x" * 3_000_000 + b'"')
    assert len(answer.body) == 6_000_002


def test_a_custom_marshaller_is_used(installation: Installation, start: Start) -> None:
    source = """
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
class Marshaller:
    def unmarshal_request(self, request, content_type): return request
    def marshal_response(self, response): return response[::-1], "text/plain"
LambdaRuntimeClient.marshaller = Marshaller()
def handler(event, context):
    return event
"""
    (node,) = start(installation, source)
    node.init()
    assert node.invoke(b"abc").body == b"cba"


def test_print_reaches_stdout_before_the_answer(installation: Installation, start: Start) -> None:
    (node,) = start(installation, "def handler(event, context):\n    print('caf\\u00e9')\n    return 1\n")
    node.init()
    node.invoke(b"{}")
    node.process.kill()  # nothing is flushed by an orderly end
    assert node.end()[1] == "caf\u00e9\n"
