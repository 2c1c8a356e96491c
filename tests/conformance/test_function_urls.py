"""Function URLs over the API with unmodified boto3."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO
from tests.conformance.node import REGION


def test_a_url_is_created_updated_listed_and_deleted(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    created = client.create_function_url_config(
        FunctionName=name, AuthType="NONE", Cors={"AllowOrigins": ["*"], "MaxAge": 5}
    )
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(
        rf"http://[a-z0-9]{{32}}\.lambda-url\.{REGION}\.localhost:\d+/", created["FunctionUrl"]
    )
    updated = client.update_function_url_config(FunctionName=name, InvokeMode="RESPONSE_STREAM")
    assert (updated["FunctionUrl"], updated["InvokeMode"]) == (created["FunctionUrl"], "RESPONSE_STREAM")
    assert updated["Cors"] == {"AllowOrigins": ["*"], "MaxAge": 5}
    (listed,) = client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert listed["CreationTime"] == created["CreationTime"]
    deleted = client.delete_function_url_config(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_url_config(FunctionName=name)


@pytest.mark.parametrize("qualifier", ["1", "$LATEST"])
def test_a_version_has_no_url(client: Any, deploy: Deploy, qualifier: str) -> None:
    name = deploy(ECHO, Publish=True)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.create_function_url_config(FunctionName=name, Qualifier=qualifier, AuthType="NONE")
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"] == (
        f"1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)"
    )
