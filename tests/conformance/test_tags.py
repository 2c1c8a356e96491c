"""Tags over the API with unmodified boto3."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO
from tests.conformance.node import ACCOUNT, REGION


def test_tags_are_added_listed_and_taken_away(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO, Tags={"at": "creation"})
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    tagged = client.tag_resource(Resource=arn, Tags={"a b/c": "ü=1"})
    assert tagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.list_tags(Resource=arn)["Tags"] == {"at": "creation", "a b/c": "ü=1"}
    assert client.get_function(FunctionName=name)["Tags"] == {"at": "creation", "a b/c": "ü=1"}
    client.untag_resource(Resource=arn, TagKeys=["at", "a b/c", "never"])
    assert client.list_tags(Resource=arn)["Tags"] == {}


def test_a_version_has_no_tags_and_what_is_no_arn_is_the_models_refusal(
    client: Any, loose_client: Any, deploy: Deploy
) -> None:
    name = deploy(ECHO)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    with pytest.raises(
        client.exceptions.InvalidParameterValueException, match="aliases and versions are not"
    ):
        client.tag_resource(Resource=f"{arn}:$LATEST", Tags={"a": "b"})
    with pytest.raises(client.exceptions.ClientError) as caught:
        loose_client.tag_resource(Resource="arn:aws:something", Tags={"a": "b"})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(client.exceptions.ClientError) as empty:
        loose_client.untag_resource(Resource=arn, TagKeys=[])
    assert empty.value.response["Error"]["Message"] == (
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: "
        "Member must not be null"
    )
