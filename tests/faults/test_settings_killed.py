"""`kill -9` of the node: versions, aliases and reserved concurrency act as before when it is back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.functions import deploy, invoke, wait_updated, zipped
from tests.faults.conftest import Start


def _saying(word: str) -> str:
    return f"def handler(event, context):\n    return {word!r}\n"


def _publish_two(client: Any) -> str:
    name = deploy(client, _saying("one"))
    client.publish_version(FunctionName=name)
    client.update_function_code(FunctionName=name, ZipFile=zipped(_saying("two")))
    wait_updated(client, name)
    client.publish_version(FunctionName=name)
    return name


def test_aliases_lead_where_they_led(start: Start) -> None:
    node = start()
    client = node.client()
    name = _publish_two(client)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="2")
    client.create_alias(
        FunctionName=name,
        Name="all",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {"1": 1.0}},
    )
    node.kill()
    client = start().client()
    for qualifier, word in (("1", "one"), ("2", "two"), ("live", "two"), ("all", "one")):
        assert invoke(client, name, Qualifier=qualifier).value == word


def test_reserved_concurrency_throttles_as_before(start: Start) -> None:
    node = start()
    client = node.client()
    stopped, free = deploy(client, _saying("one")), deploy(client, _saying("two"))
    client.put_function_concurrency(FunctionName=stopped, ReservedConcurrentExecutions=0)
    client.put_function_concurrency(FunctionName=free, ReservedConcurrentExecutions=900)
    _throttled(client, stopped)
    node.kill()
    client = start().client()
    _throttled(client, stopped)
    assert invoke(client, free).value == "two"
    assert client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100


def _throttled(client: Any, name: str) -> None:
    with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
        invoke(client, name)
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
