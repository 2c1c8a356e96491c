"""Code signing, capacity providers, settings and every member of a configuration, with unmodified boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import Deploy
from tests.conformance.functions import ECHO, wait_updated

VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
CONFIGURATION: dict[str, Any] = {
    "VpcConfig": VPC,
    "FileSystemConfigs": [
        {
            "Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
            "LocalMountPath": "/mnt/files",
        }
    ],
    "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
    "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
    "TracingConfig": {"Mode": "Active"},
    "EphemeralStorage": {"Size": 1024},
    "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "LogGroup": "mine"},
    "DurableConfig": {"ExecutionTimeout": 60, "RetentionPeriodInDays": 7},
}
PUBLISHERS = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/test"]}


def test_a_function_with_every_setting_runs_and_shows_them(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO, **CONFIGURATION)
    found = client.get_function_configuration(FunctionName=name)
    expected = json.loads(json.dumps(CONFIGURATION))
    expected["VpcConfig"] |= {"VpcId": found["VpcConfig"]["VpcId"], "Ipv6AllowedForDualStack": False}
    expected["LoggingConfig"] |= {"SystemLogLevel": "INFO"}
    assert {member: found[member] for member in expected} == expected
    answer = client.invoke(FunctionName=name, Payload=b"1")
    assert json.load(answer["Payload"]) == {"echo": 1}

    client.update_function_configuration(
        FunctionName=name,
        FileSystemConfigs=[],
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        DeadLetterConfig={"TargetArn": ""},
        KMSKeyArn="",
    )
    wait_updated(client, name)
    found = client.get_function_configuration(FunctionName=name)
    assert found["VpcConfig"]["VpcId"] == ""
    assert not {"FileSystemConfigs", "DeadLetterConfig", "KMSKeyArn"} & found.keys()


def test_a_code_signing_config_is_kept_while_a_function_uses_it(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    created = client.create_code_signing_config(AllowedPublishers=PUBLISHERS, Description="d")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    arn = created["CodeSigningConfig"]["CodeSigningConfigArn"]
    assert "CodeSigningConfigArn" not in client.get_function_code_signing_config(FunctionName=name)
    client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    assert client.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == arn
    pages = client.get_paginator("list_functions_by_code_signing_config").paginate(CodeSigningConfigArn=arn)
    assert [each.rpartition(":")[2] for page in pages for each in page["FunctionArns"]] == [name]
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.delete_code_signing_config(CodeSigningConfigArn=arn)
    gone = client.delete_function_code_signing_config(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="can not be found"):
        client.get_code_signing_config(CodeSigningConfigArn=arn)
    with pytest.raises(client.exceptions.CodeSigningConfigNotFoundException, match="cannot be found"):
        client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)


def test_a_capacity_provider_lives(client: Any) -> None:
    created = client.create_capacity_provider(
        CapacityProviderName="conformance",
        VpcConfig=VPC,
        PermissionsConfig={"CapacityProviderOperatorRoleArn": "arn:aws:iam::000000000000:role/operator"},
    )["CapacityProvider"]
    found = client.get_capacity_provider(CapacityProviderName=created["CapacityProviderArn"])
    assert found["CapacityProvider"] == created | {"State": "Active"}
    updated = client.update_capacity_provider(
        CapacityProviderName="conformance", CapacityProviderScalingConfig={"MaxVCpuCount": 8}
    )
    assert updated["CapacityProvider"]["CapacityProviderScalingConfig"]["MaxVCpuCount"] == 8
    listed = client.list_capacity_providers(State="Active")["CapacityProviders"]
    assert [each["CapacityProviderArn"] for each in listed] == [created["CapacityProviderArn"]]
    versions = client.list_function_versions_by_capacity_provider(CapacityProviderName="conformance")
    assert versions["FunctionVersions"] == []
    client.delete_capacity_provider(CapacityProviderName="conformance")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Capacity provider not found"):
        client.get_capacity_provider(CapacityProviderName="conformance")


def test_settings_of_a_function_are_kept(client: Any, deploy: Deploy) -> None:
    name = deploy(ECHO)
    client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    assert client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    found = client.get_runtime_management_config(FunctionName=name)
    assert (found["UpdateRuntimeOn"], found["FunctionArn"].rpartition(":")[2]) == ("FunctionUpdate", name)


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        ("invoke_async", {"FunctionName": "f", "InvokeArgs": b"{}"}, "deprecated"),
        ("list_durable_executions_by_function", {"FunctionName": "f"}, "Durable executions are not there"),
    ],
)
def test_what_is_not_there_yet_says_so(
    client: Any, operation: str, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(ClientError, match=text) as caught:
        getattr(client, operation)(**request_)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
