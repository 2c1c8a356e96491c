"""Settings of asynchronous invocation over the API with unmodified boto3."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO
from tests.conformance.node import ACCOUNT, REGION


def test_settings_are_put_updated_listed_by_boto3_s_paginator_and_deleted(
    client: Any, deploy: Deploy
) -> None:
    name = deploy(ECHO, Publish=True)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    destination = {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    client.put_function_event_invoke_config(
        FunctionName=name, Qualifier="1", DestinationConfig={"OnFailure": destination}
    )
    changed = client.update_function_event_invoke_config(
        FunctionName=f"{name}:1", MaximumEventAgeInSeconds=60
    )
    assert changed["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert changed["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": destination}
    assert isinstance(changed["LastModified"], datetime)
    pages = client.get_paginator("list_function_event_invoke_configs").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 1}
    )
    found = [config["FunctionArn"] for page in pages for config in page["FunctionEventInvokeConfigs"]]
    assert found == [f"{arn}:$LATEST", f"{arn}:1"]
    deleted = client.delete_function_event_invoke_config(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_function_event_invoke_config(FunctionName=name)
    assert caught.value.response["Message"] == f"The function {arn}:$LATEST doesn't have an EventInvokeConfig"


def test_numbers_out_of_range_are_the_models_refusals(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=3)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"] == (
        "1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: "
        "Member must have value less than or equal to 2"
    )
