"""Resource-based policies of functions with unmodified boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO
from tests.conformance.node import ACCOUNT, REGION


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def permit(client: Any, name: str, **request: Any) -> Any:
    """AddPermission for S3, unless said otherwise; the answer's statement as text."""
    defaults = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    return client.add_permission(FunctionName=name, **{**defaults, **request})["Statement"]


def test_a_policy_is_written_statement_by_statement(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.get_policy(FunctionName=name)
    assert caught.value.response["Error"]["Message"] == "The resource you requested does not exist."
    text = permit(client, name, SourceArn="arn:aws:s3:::bucket", SourceAccount=ACCOUNT)
    assert text == (
        '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},'
        f'"Action":"lambda:InvokeFunction","Resource":"{arn(name)}",'
        f'"Condition":{{"StringEquals":{{"AWS:SourceAccount":"{ACCOUNT}"}},'
        '"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}'
    )
    second = permit(client, name, StatementId="other", Principal="111111111111")
    assert json.loads(second)["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}
    policy = client.get_policy(FunctionName=name)
    assert policy["Policy"] == f'{{"Version":"2012-10-17","Id":"default","Statement":[{text},{second}]}}'
    client.remove_permission(FunctionName=name, StatementId="s3", RevisionId=policy["RevisionId"])
    left = client.get_policy(FunctionName=name)
    assert [one["Sid"] for one in json.loads(left["Policy"])["Statement"]] == ["other"]
    assert left["RevisionId"] != policy["RevisionId"]
    with pytest.raises(client.exceptions.PreconditionFailedException):
        client.remove_permission(FunctionName=name, StatementId="other", RevisionId=policy["RevisionId"])


def test_function_version_and_alias_have_a_policy_each(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    version = client.publish_version(FunctionName=name)["Version"]
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    for qualifier in (version, "live"):
        assert json.loads(permit(client, name, Qualifier=qualifier))["Resource"] == f"{arn(name)}:{qualifier}"
        assert client.get_policy(FunctionName=name, Qualifier=qualifier)["RevisionId"]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)
    client.delete_alias(FunctionName=name, Name="live")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name, Qualifier="live")


def test_a_whole_policy_replaces_what_add_permission_wrote(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    permit(client, name)
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "lambda:*", "Resource": f"{arn(name)}:*"}
        ],
    }
    put = client.put_resource_policy(ResourceArn=arn(name), Policy=json.dumps(document))
    got = client.get_resource_policy(ResourceArn=arn(name))
    assert json.loads(got["Policy"]) == document
    assert got["RevisionId"] == put["RevisionId"] == client.get_policy(FunctionName=name)["RevisionId"]
    client.delete_resource_policy(ResourceArn=arn(name), RevisionId=got["RevisionId"])
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_resource_policy(ResourceArn=arn(name))


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (
            {"Qualifier": "$LATEST"},
            "InvalidParameterValueException",
            "We currently do not support adding policies for $LATEST.",
        ),
        (
            {"Principal": "invalid.nonaws.com"},
            "InvalidParameterValueException",
            "The provided principal was invalid. Please check the principal and try again.",
        ),
        ({"Qualifier": "42"}, "ResourceNotFoundException", "Function not found: {arn}:42"),
        ({"Qualifier": "live"}, "ResourceNotFoundException", "Cannot find alias arn: {arn}:live"),
        (
            {"Qualifier": "valid-with-$-but-doesnotexist"},
            "ResourceNotFoundException",
            "Function not found: {arn}:valid-with-$-but-doesnotexist",
        ),
        (
            {"StatementId": "example.com"},
            "ValidationException",
            "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
        ),
        (
            {"RevisionId": "wrong"},
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetPolicy API to retrieve the latest Revision Id",
        ),
        (
            {"FunctionUrlAuthType": "NONE"},
            "InvalidParameterValueException",
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
        ),
    ],
)
def test_refusals_of_permissions_in_aws_s_words(
    client: Any, deploy: Deploy, request_: dict[str, str], code: str, message: str
) -> None:
    name = deploy(ECHO)
    with pytest.raises(ClientError) as caught:
        permit(client, name, **request_)
    assert caught.value.response["Error"] == {"Code": code, "Message": message.format(arn=arn(name))}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)
