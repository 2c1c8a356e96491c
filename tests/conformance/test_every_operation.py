"""All operations of Lambda's API, called with next to nothing: each is answered, none with a bare 500."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.model import Shape
from tests.conformance.node import REGION

_MODEL = boto3.client("lambda", region_name=REGION).meta.service_model
_NOTHING = {
    "string": "nothing",
    "integer": 1,
    "long": 1,
    "boolean": False,
    "blob": b"",
    "list": [],
    "map": {},
}


def _required(shape: Shape | None) -> dict[str, Any]:
    """The members without which a request cannot even be written."""
    if shape is None:
        return {}
    return {name: _NOTHING.get(shape.members[name].type_name, {}) for name in shape.required_members}


@pytest.mark.parametrize("operation", _MODEL.operation_names)
def test_an_operation_is_answered_or_says_that_it_is_not_there_yet(loose_client: Any, operation: str) -> None:
    methods = {api: method for method, api in loose_client.meta.method_to_api_mapping.items()}
    call = getattr(loose_client, methods[operation])
    try:
        answer = call(**_required(_MODEL.operation_model(operation).input_shape))
        status, message = answer["ResponseMetadata"]["HTTPStatusCode"], ""
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        message = error.response["Error"]["Message"]
    assert status < 500 or (status == 501 and operation in message)
