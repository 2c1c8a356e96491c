"""The Runtime API: its order, its answers, its refusals."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.runtimeapi.conftest import REQUEST_ID, Client, Heard, Pieces, deliver, event

from ingle.model.invocation import MAX_RESPONSE_PAYLOAD
from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import ApiError
from ingle.runtimeapi.session import RuntimeSession
from ingle.runtimeapi.states import State, Step, advance

NEXT = "/2018-06-01/runtime/invocation/next"
RESPONSE = f"/2018-06-01/runtime/invocation/{REQUEST_ID}/response"
ERROR = f"/2018-06-01/runtime/invocation/{REQUEST_ID}/error"
INIT_ERROR = "/2018-06-01/runtime/init/error"
OK = b'{"status":"OK"}\n'


def running(api: EnvironmentApi, client: Client) -> None:
    """Bring the runtime to where it has an event."""
    assert client.ask("GET", NEXT) is None
    deliver(api)
    reply = client.reply()
    assert reply is not None
    assert reply.body == b'{"a":1}'


def test_next_waits_for_an_event_and_hands_it_over(api: EnvironmentApi, client: Client, heard: Heard) -> None:
    assert client.ask("GET", NEXT) is None
    assert heard.words == [("ready",)]
    deliver(api)
    reply = client.reply()
    assert reply is not None
    assert (reply.status, reply.body) == (200, b'{"a":1}')
    assert reply.headers["lambda-runtime-aws-request-id"] == REQUEST_ID


def test_an_event_that_came_first_waits_for_next(api: EnvironmentApi, client: Client) -> None:
    deliver(api)
    reply = client.ask("GET", NEXT)
    assert reply is not None
    assert reply.status == 200


def test_an_answer_is_accepted_and_next_frees_the_runtime(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    reply = client.ask("POST", RESPONSE, b'{"b":2}')
    assert reply is not None
    assert (reply.status, reply.body, reply.headers["content-type"]) == (202, OK, "application/json")
    assert client.ask("GET", NEXT) is None
    assert heard.words == [("ready",), ("answered", b'{"b":2}'), ("ready",)]
    deliver(api, event("another", b"2"))
    second = client.reply()
    assert second is not None
    assert second.body == b"2"


def test_an_error_goes_to_the_caller_as_it_is(api: EnvironmentApi, client: Client, heard: Heard) -> None:
    running(api, client)
    body = b'{"errorMessage":"x","errorType":"E"}'
    reply = client.ask("POST", ERROR, body, Lambda_Runtime_Function_Error_Type="Function.E")
    assert reply is not None
    assert (reply.status, reply.body) == (202, OK)
    assert heard.words[-1] == ("failed", "Function.E", body)


def test_a_cause_for_x_ray_is_not_for_the_caller(api: EnvironmentApi, client: Client, heard: Heard) -> None:
    running(api, client)
    body = b'{"errorMessage":"x","errorType":"E","stackTrace":["a"],"errorCause":{"exceptions":[]}}'
    client.ask("POST", ERROR, body, Content_Type="application/vnd.aws.lambda.error.cause+json")
    assert heard.words[-1] == ("failed", None, b'{"errorMessage":"x","errorType":"E","stackTrace":["a"]}')


def test_an_init_error_is_taken_once_and_only_before_the_first_next(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    reply = client.ask("POST", INIT_ERROR, b"{}", Lambda_Runtime_Function_Error_Type="Runtime.Bad")
    assert reply is not None
    assert (reply.status, heard.words) == (202, [("init failed", "Runtime.Bad", b"{}")])
    again = client.ask("POST", INIT_ERROR, b"{}")
    assert again is not None
    assert (again.status, again.json) == (
        403,
        {
            "errorMessage": "State transition from InitError to InitError failed for runtime. "
            "Error: State transition is not allowed",
            "errorType": "InvalidStateTransition",
        },
    )


def test_a_second_answer_is_refused_and_changes_nothing(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    client.ask("POST", RESPONSE, b"1")
    told = list(heard.words)
    second = client.ask("POST", RESPONSE, b"2")
    assert second is not None
    assert second.status == 403
    assert second.json["errorMessage"].startswith(
        "State transition from RuntimeResponseSentState to InvocationResponse failed for runtime."
    )
    assert heard.words == told


@pytest.mark.parametrize("verb", ["response", "error"])
def test_another_request_id_is_refused_before_its_body_is_read(
    api: EnvironmentApi, client: Client, heard: Heard, verb: str
) -> None:
    running(api, client)
    reply = client.ask("POST", f"/2018-06-01/runtime/invocation/other/{verb}", b"x" * 100)
    assert reply is not None
    assert (reply.status, reply.json) == (
        400,
        {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"},
    )
    assert heard.words == [("ready",)]
    assert client.ask("POST", RESPONSE, b"1") is not None


def test_an_answer_before_any_event_is_refused(client: Client) -> None:
    reply = client.ask("POST", RESPONSE, b"1")
    assert reply is not None
    assert reply.json["errorType"] == "InvalidRequestID"


def test_an_answer_over_the_limit_is_refused_and_said_to_be_too_large(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    reply = client.ask("POST", RESPONSE, b"x" * 10_000_000)
    assert reply is not None
    assert (reply.status, reply.json) == (
        413,
        {
            "errorMessage": f"Exceeded maximum allowed payload size ({MAX_RESPONSE_PAYLOAD} bytes).",
            "errorType": "RequestEntityTooLarge",
        },
    )
    assert heard.words[-1] == ("refused", 10_000_000)
    assert client.ask("GET", NEXT) is None


def test_who_leaves_in_the_midst_of_an_answer_has_truncated_it(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf".encode())
    client.leave()
    assert heard.words[-1] == ("truncated",)


def test_a_runtime_that_asks_again_is_answered_on_its_latest_connection(
    api: EnvironmentApi, client: Client
) -> None:
    client.ask("GET", NEXT)
    second = Client(api)
    assert second.ask("GET", NEXT) is None
    first = client.reply()
    assert first is not None
    assert first.status == 410
    deliver(api)
    assert second.reply() is not None


def test_a_poll_whose_client_left_takes_no_event(api: EnvironmentApi, client: Client) -> None:
    client.ask("GET", NEXT)
    client.leave()
    deliver(api)
    reply = Client(api).ask("GET", NEXT)
    assert reply is not None
    assert reply.body == b'{"a":1}'


def test_a_stream_passes_piece_by_piece_with_its_trailers(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    heard.pieces = pieces = Pieces()
    error = base64.b64encode(b'{"errorMessage":"late"}').decode()
    client.send(
        f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n".encode()
    )
    client.send(b"3\r\nabc\r\n")
    assert pieces.parts == [b"abc"]
    pieces.wants_more = False
    client.send(b"3\r\ndef\r\n")
    assert client.transport.paused
    assert heard.resume is not None
    heard.resume()
    assert not client.transport.paused
    client.send(
        b"0\r\nLambda-Runtime-Function-Error-Type: Function.Late\r\n"
        + f"Lambda-Runtime-Function-Error-Body: {error}\r\n\r\n".encode()
    )
    assert pieces.ended == ("Function.Late", b'{"errorMessage":"late"}')
    reply = client.reply()
    assert reply is not None
    assert reply.status == 202


def test_a_stream_for_a_caller_who_wants_all_at_once_is_gathered(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    client.send(
        f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
        "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n".encode()
    )
    assert heard.words[-1] == ("answered", b"abcdef")


def test_a_stream_that_breaks_off_ends_as_truncated(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    heard.pieces = pieces = Pieces()
    client.send(
        f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n3\r\nabc\r\n".encode()
    )
    client.leave()
    assert pieces.ended == ("Runtime.TruncatedResponse", b"")


def test_an_unknown_response_mode_fails_the_invocation(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    running(api, client)
    reply = client.ask("POST", RESPONSE, b"1", Lambda_Runtime_Function_Response_Mode="dribbling")
    assert reply is not None
    assert (reply.status, reply.json) == (
        400,
        {"errorMessage": "Invalid function response mode", "errorType": "InvalidFunctionResponseMode"},
    )
    assert heard.words[-1] == ("failed", "Runtime.InvalidResponseModeHeader", b"")


def test_a_client_that_asks_first_is_told_to_continue(api: EnvironmentApi, client: Client) -> None:
    running(api, client)
    client.send(
        f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n".encode()
    )
    assert client.transport.sent == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_pipelining_and_what_is_not_http_end_the_connection(api: EnvironmentApi) -> None:
    for data in (b"GET / HTTP/1.1\r\n\r\n" * 2, b"\x00\x01\x02\r\n\r\n"):
        client = Client(api)
        client.send(f"GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        client.send(data)
        assert client.transport.closed


def test_a_head_without_end_ends_the_connection(client: Client) -> None:
    client.send(b"GET / HTTP/1.1\r\n")
    for _ in range(20):
        client.send(b"a: " + b"x" * 65_536 + b"\r\n")
    assert client.transport.closed


def test_a_runtime_of_another_kind_has_no_runtime_api(api: EnvironmentApi, client: Client) -> None:
    api.runtime = None
    reply = client.ask("GET", NEXT)
    assert reply is not None
    assert (reply.status, reply.json["errorType"]) == (403, "InvalidStateTransition")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/2018-06-01/ping", 200),
        ("GET", "/", 404),
        ("GET", "/2018-06-01/runtime/restore/next", 404),
        ("POST", NEXT, 405),
        ("GET", f"/2018-06-01/runtime/invocation/{REQUEST_ID}/other", 404),
        ("POST", "/2018-06-01/runtime/invocation//response", 404),
    ],
)
def test_paths(client: Client, method: str, path: str, status: int) -> None:
    reply = client.ask(method, path)
    assert reply is not None
    assert reply.status == status


@given(st.lists(st.sampled_from(list(Step)), max_size=12))
def test_no_order_of_calls_leads_anywhere_but_along_the_table(steps: list[Step]) -> None:
    state = State.STARTED
    answered = 0
    for step in steps:
        if step in (Step.DELIVERED, Step.SENT, Step.RESTORED):
            continue  # the node's own steps: it takes them in the right states only
        with contextlib.suppress(ApiError):
            state = advance(state, step)
        if state is State.READY:
            state = advance(state, Step.DELIVERED)
        if state in (State.RESPONSE, State.ERROR_RESPONSE):
            state = advance(state, Step.SENT)
            answered += 1
    assert answered <= steps.count(Step.NEXT)


def test_a_closed_session_answers_nobody(api: EnvironmentApi, client: Client, heard: Heard) -> None:
    client.ask("GET", NEXT)
    assert isinstance(api.runtime, RuntimeSession)
    api.runtime.close()
    deliver(api)
    assert client.reply() is None
