"""The Extensions API: registration, events, errors, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.runtimeapi.conftest import Client, Heard, Reply

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.extensions import MAX_EXTENSIONS, STEPS, State

REGISTER = "/2020-01-01/extension/register"
NEXT = "/2020-01-01/extension/event/next"


def register(client: Client, name: str, *events: str, **headers: str) -> Reply:
    body = json.dumps({"events": events}).encode()
    reply = client.ask("POST", REGISTER, body, Lambda_Extension_Name=name, **headers)
    assert reply is not None
    return reply


def registered(client: Client, name: str, *events: str) -> dict[str, str]:
    """The header that it is known by."""
    identifier = register(client, name, *events).headers["lambda-extension-identifier"]
    return {"Lambda_Extension_Identifier": identifier}


def refused(reply: Reply | None, kind: str) -> str:
    assert reply is not None
    assert (reply.status, reply.json["errorType"]) == (403, kind)
    return str(reply.json["errorMessage"])


def test_a_registration_is_told_about_the_function(client: Client) -> None:
    reply = register(client, "own", "INVOKE")
    assert (reply.status, reply.json) == (
        200,
        {"functionVersion": "$LATEST", "functionName": "f", "handler": "app.handler"},
    )
    with_account = register(client, "other", Lambda_Extension_Accept_Feature="accountId")
    assert with_account.json["accountId"] == "000000000000"


def test_an_external_extension_is_told_of_invocations_and_of_the_end(
    api: EnvironmentApi, client: Client, heard: Heard
) -> None:
    api.extensions.announce("agent")
    identity = registered(client, "agent", "INVOKE", "SHUTDOWN")
    assert not api.extensions.idle
    assert client.ask("GET", NEXT, **identity) is None
    assert api.extensions.idle
    assert heard.words == [("extensions moved",)] * 2
    told: list[dict[str, Any]] = [{"eventType": "INVOKE"}, {"eventType": "SHUTDOWN"}]
    for event in told:
        api.extensions.tell(event["eventType"], event)
        reply = client.reply()
        assert reply is not None
        assert reply.json == event
        assert "lambda-extension-event-identifier" in reply.headers
        assert not api.extensions.idle
        client.ask("GET", NEXT, **identity)
        assert api.extensions.idle


def test_an_event_that_comes_before_next_waits_for_it(api: EnvironmentApi, client: Client) -> None:
    identity = registered(client, "own", "INVOKE")
    api.extensions.tell("INVOKE", {"n": 1})
    reply = client.ask("GET", NEXT, **identity)
    assert reply is not None
    assert reply.json == {"n": 1}


def test_who_did_not_subscribe_is_not_told_and_stays_idle(api: EnvironmentApi, client: Client) -> None:
    identity = registered(client, "own")
    client.ask("GET", NEXT, **identity)
    api.extensions.tell("INVOKE", {"n": 1})
    assert client.reply() is None
    assert api.extensions.idle


def test_an_error_at_the_start_is_told_once(api: EnvironmentApi, client: Client, heard: Heard) -> None:
    identity = registered(client, "own")
    path = "/2020-01-01/extension/init/error"
    assert "not found" in refused(client.ask("POST", path, **identity), "Extension.MissingHeader")
    for kind in ("Extension.A", "Extension.B"):
        reply = client.ask("POST", path, **identity, Lambda_Extension_Function_Error_Type=kind)
        assert reply is not None
        assert (reply.status, reply.json) == (202, {"status": "OK"})
    assert heard.words[1:] == [("extension failed", "own", "Extension.A")]


def test_an_error_at_the_end_is_told(api: EnvironmentApi, client: Client, heard: Heard) -> None:
    identity = registered(client, "own")
    client.ask("GET", NEXT, **identity)
    other = Client(api)
    reply = other.ask(
        "POST", "/2020-01-01/extension/exit/error", **identity, Lambda_Extension_Function_Error_Type="X.Y"
    )
    assert reply is not None
    assert heard.words[-1] == ("extension failed", "own", "X.Y")


def test_refusals_of_a_registration(api: EnvironmentApi, client: Client) -> None:
    refused(client.ask("POST", REGISTER, b"{}"), "Extension.InvalidExtensionName")
    for body in (b"{", b"[]", b'{"events":1}', b'{"configurationKeys":["a"]}'):
        refused(client.ask("POST", REGISTER, body, Lambda_Extension_Name="a"), "InvalidRequestFormat")
    assert "ShutdownEvent" in refused(register(client, "own", "SHUTDOWN"), "Extension.InvalidEventType")
    refused(register(client, "own", "OTHER"), "Extension.InvalidEventType")
    register(client, "own")
    refused(register(client, "own"), "Extension.InvalidExtensionState")
    for number in range(1, MAX_EXTENSIONS):
        assert register(client, f"own-{number}").status == 200
    message = refused(register(client, "eleventh"), "Extension.TooManyExtensions")
    assert message == "Extension limit (10) reached"
    api.extensions.close_registration()
    message = refused(register(client, "late"), "Extension.RegistrationClosed")
    assert message == "Extension registration closed already"


def test_refusals_of_a_caller(client: Client) -> None:
    refused(client.ask("GET", NEXT), "Extension.MissingExtensionIdentifier")
    reply = client.ask("GET", NEXT, Lambda_Extension_Identifier="7")
    refused(reply, "Extension.InvalidExtensionIdentifier")
    unknown = "00000000-0000-0000-0000-000000000000"
    reply = client.ask("GET", NEXT, Lambda_Extension_Identifier=unknown)
    assert refused(reply, "Extension.UnknownExtensionIdentifier") == f"Unknown extension {unknown}"


def test_asking_twice_at_once_is_refused(api: EnvironmentApi, client: Client) -> None:
    identity = registered(client, "own")
    client.ask("GET", NEXT, **identity)
    message = refused(Client(api).ask("GET", NEXT, **identity), "Extension.InvalidExtensionState")
    assert message.startswith("State transition from Ready to Ready failed for extension ")


@pytest.mark.parametrize(
    ("path", "name"), [("/2022-07-01/telemetry", "Telemetry"), ("/2020-08-15/logs", "Logs")]
)
def test_subscriptions_are_answered_clearly(client: Client, path: str, name: str) -> None:
    refused(client.ask("PUT", path, b"{}"), "Extension.MissingExtensionIdentifier")
    reply = client.ask("PUT", path, b"{}", **registered(client, "own"))
    assert reply is not None
    assert (reply.status, reply.json["errorType"]) == (202, f"{name}.NotSupported")


def test_an_ended_extension_does_nothing_more() -> None:
    assert {after for (before, _), after in STEPS.items() if before is State.INIT_ERROR} == {State.INIT_ERROR}
    assert {after for (before, _), after in STEPS.items() if before is State.EXIT_ERROR} == {State.EXIT_ERROR}
