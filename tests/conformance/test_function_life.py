"""A function's life over the API with unmodified boto3."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.functions import (
    ECHO,
    create,
    fresh_name,
    invoke,
    wait_active,
    wait_updated,
    zipped,
)
from tests.conformance.node import ACCOUNT, REGION, Node


def test_a_new_function_is_pending_then_active_with_the_zip_s_digest(client: Any) -> None:
    name, package = fresh_name(), zipped(ECHO)
    created = create(client, name, package)
    assert created["State"] == "Pending"
    assert created["StateReasonCode"] == "Creating"
    assert created["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert created["CodeSize"] == len(package)
    wait_active(client, name)
    configuration = client.get_function_configuration(FunctionName=name)
    assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
    client.delete_function(FunctionName=name)


def test_an_invocation_answers_with_result_version_request_id_and_log(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    answer = invoke(client, name, {"a": [1, None, "ü"]})
    request_id = answer.headers["x-amzn-requestid"]
    assert (answer.status, answer.error, answer.version) == (200, None, "$LATEST")
    assert answer.value == {"echo": {"a": [1, None, "ü"]}}
    lines = answer.log.splitlines()
    assert lines[0].startswith("INIT_START Runtime Version: python:3.11.")
    assert lines[1:4] == [
        f"START RequestId: {request_id} Version: $LATEST",
        "event: {'a': [1, None, 'ü']}",
        f"END RequestId: {request_id}",
    ]
    assert lines[4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "\tInit Duration: " in lines[4]


def test_a_second_invocation_is_warm(client: Any, deploy: Deploy) -> None:
    name = deploy("import uuid\nID = uuid.uuid4().hex\ndef handler(event, context):\n    return ID\n")
    first, second = invoke(client, name), invoke(client, name)
    assert first.value == second.value
    assert "INIT_START" not in second.log
    assert "Init Duration" not in second.log


def test_updated_code_is_what_the_next_invocation_runs(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return 'old'\n")
    assert invoke(client, name).value == "old"
    updated = client.update_function_code(
        FunctionName=name, ZipFile=zipped("def handler(event, context):\n    return 'new'\n")
    )
    assert updated["LastUpdateStatus"] == "InProgress"
    wait_updated(client, name)
    assert invoke(client, name).value == "new"


def test_updated_configuration_is_what_the_next_invocation_runs_under(client: Any, deploy: Deploy) -> None:
    name = deploy(
        "import os\ndef handler(event, context):\n"
        "    return [os.environ.get('COLOUR'), context.memory_limit_in_mb, os.environ['_HANDLER']]\n"
        "def other(event, context):\n    return handler(event, context)\n",
        Environment={"Variables": {"COLOUR": "red"}},
    )
    assert invoke(client, name).value == ["red", "128", "app.handler"]
    client.update_function_configuration(
        FunctionName=name, MemorySize=256, Handler="app.other", Environment={"Variables": {"COLOUR": "blue"}}
    )
    wait_updated(client, name)
    assert invoke(client, name).value == ["blue", "256", "app.other"]


def test_a_deleted_function_is_not_found(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    invoke(client, name)
    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        invoke(client, name)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert caught.value.response["Error"]["Message"] == f"Function not found: {arn}"
    assert caught.value.response["Type"] == "User"


@pytest.mark.parametrize(
    "form",
    [
        "{name}",
        "{name}:$LATEST",
        f"{ACCOUNT}:function:{{name}}",
        f"{ACCOUNT}:{{name}}",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}:$LATEST",
    ],
)
def test_a_function_goes_by_its_name_its_partial_arn_and_its_arn(
    client: Any, deploy: Deploy, form: str
) -> None:
    name = deploy(ECHO)
    spelled = form.format(name=name)
    assert invoke(client, spelled, 1).value == {"echo": 1}
    assert client.get_function(FunctionName=spelled)["Configuration"]["FunctionName"] == name


def test_code_location_downloads_the_very_zip(client: Any, deploy: Deploy) -> None:
    name = fresh_name()
    package = zipped(ECHO, {"data.bin": bytes(range(256)) * 400})
    create(client, name, package)
    location = client.get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location, timeout=10) as answer:
        assert answer.read() == package
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(location[:-1] + ("0" if location[-1] != "0" else "1"), timeout=10)
    assert refused.value.code == 403
    refused.value.close()
    client.delete_function(FunctionName=name)


def test_functions_are_listed_page_by_page(client: Any, deploy: Deploy) -> None:
    names = {deploy(ECHO) for _ in range(3)}
    paginator = client.get_paginator("list_functions")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 1}))
    assert all(len(page["Functions"]) == 1 for page in pages)
    assert names <= {page["Functions"][0]["FunctionName"] for page in pages}


def test_dry_run_answers_204_and_runs_nothing(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    answer = client.invoke(FunctionName=name, InvocationType="DryRun")
    assert (answer["StatusCode"], answer["Payload"].read()) == (204, b"")
    assert "INIT_START" in invoke(client, name).log


def test_a_client_context_reaches_the_function(client: Any, deploy: Deploy) -> None:
    name = deploy("def handler(event, context):\n    return context.client_context.custom\n")
    context = base64.b64encode(json.dumps({"custom": {"key": "value"}}).encode()).decode()
    assert invoke(client, name, ClientContext=context).value == {"key": "value"}


def test_event_invocations_say_clearly_that_they_are_not_there_yet(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName=name, InvocationType="Event")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "Event" in caught.value.response["Error"]["Message"]


def test_fifty_invocations_at_once_run_in_parallel_environments(node: Node, deploy: Deploy) -> None:
    client = node.client()
    name = deploy(
        "import time, uuid\nID = uuid.uuid4().hex\n"
        "def handler(event, context):\n    time.sleep(0.5)\n    return [event, ID]\n",
        Timeout=30,
    )
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: invoke(client, name, number), range(50)))
    assert [answer.value[0] for answer in answers] == list(range(50))
    assert len({answer.value[1] for answer in answers}) > 10


def test_account_settings_have_lambda_s_limits(client: Any) -> None:
    limits = client.get_account_settings()["AccountLimit"]
    assert limits["CodeSizeZipped"] == 52_428_800
    assert limits["CodeSizeUnzipped"] == 262_144_000
    assert limits["ConcurrentExecutions"] == 1000
