"""`--check-roles`: a function's role has to be there, and has to trust Lambda."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.functions import create, wait_active, zipped
from tests.conformance.neighbours import neighbour
from tests.conformance.node import Node

PACKAGE = zipped("def handler(event, context):\n    return 1\n")


def _role(iam: Any, name: str, effect: str, service: Any, action: Any = "sts:AssumeRole") -> str:
    statement = {"Effect": effect, "Principal": {"Service": service}, "Action": action}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn: str = iam.create_role(RoleName=name, Path="/p/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    return arn


def test_only_a_role_that_trusts_lambda_is_taken(tmp_path: Path) -> None:
    node = Node(tmp_path / "data", "--check-roles")
    try:
        iam, client = neighbour(node, "iam"), node.client()
        refused = [
            "arn:aws:iam::000000000000:role/not-there",
            _role(iam, "of-another-service", "Allow", "ec2.amazonaws.com"),
            _role(iam, "of-another-action", "Allow", "lambda.amazonaws.com", "sts:TagSession"),
            _role(iam, "denied", "Deny", "lambda.amazonaws.com"),
        ]
        for role in refused:
            with pytest.raises(ClientError) as error:
                create(client, "f", PACKAGE, Role=role)
            assert error.value.response["Error"] == {
                "Code": "InvalidParameterValueException",
                "Message": "The role defined for the function cannot be assumed by Lambda.",
            }
        trusted = _role(iam, "good", "Allow", ["ec2.amazonaws.com", "lambda.amazonaws.com"])
        create(client, "f", PACKAGE, Role=trusted)
        wait_active(client, "f")
        with pytest.raises(ClientError, match=r"cannot be assumed by Lambda\."):
            client.update_function_configuration(FunctionName="f", Role=refused[0])
        assert client.get_function_configuration(FunctionName="f")["Role"] == trusted
    finally:
        assert node.terminate() == 0
