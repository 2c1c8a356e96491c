"""The texts that AWS Lambda gave, recorded against the real service, for requests that it refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingle.model.errors import InvalidParameterValue, ValidationError
from ingle.wire import Request, Service

LAMBDA = Service.load("lambda")
FUNCTION = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": "UEs="}}
MAPPING = {"FunctionName": "f"}


def refusal(method: str, path: str, body: Any = None, query: str = "") -> str:
    operation, labels = LAMBDA.route(method, path, query)
    raw = b"" if body is None else json.dumps(body).encode()
    with pytest.raises(ValidationError) as caught:
        operation.parse(Request(method, path, query, {}, raw), labels)
    return caught.value.message


def weights(version: str, weight: float) -> dict[str, Any]:
    return {"RoutingConfig": {"AdditionalVersionWeights": {version: weight}}}


RECORDED = [
    (
        "PUT", "/2024-08-31/functions/f/recursion-config", {"RecursiveLoop": "InvalidValue"}, "",
        "1 validation error detected: Value 'InvalidValue' at 'recursiveLoop' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Terminate, Allow]",
    ),
    (
        "POST", "/2021-10-31/functions/f/url", {"AuthType": "NONE", "InvokeMode": "UNKNOWN"}, "",
        "1 validation error detected: Value 'UNKNOWN' at 'invokeMode' failed to satisfy constraint: "
        "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
    ),
    (
        "POST", "/2015-03-31/event-source-mappings", {**MAPPING, "StartingPosition": "invalid"}, "",
        "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: "
        "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    ),
    (
        "POST", "/2015-03-31/functions", {**FUNCTION, "SnapStart": {"ApplyOn": "invalidOption"}}, "",
        "1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy "
        "constraint: Member must satisfy enum value set: [PublishedVersions, None]",
    ),
    (
        "POST", "/2015-03-31/functions", {**FUNCTION, "Architectures": ["x86_64", "arm64"]}, "",
        "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy "
        "constraint: Member must have length less than or equal to 1",
    ),
    (
        "POST", "/2015-03-31/functions", {**FUNCTION, "Architectures": ["X86_64"]}, "",
        "1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], "
        "Member must not be null]",
    ),
    (
        "POST", "/2015-03-31/functions", {**FUNCTION, "VpcConfig": {"SubnetIds": ["bad-id"]}}, "",
        "1 validation error detected: Value '[bad-id]' at 'vpcConfig.subnetIds' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 0, Member must satisfy regular expression "
        "pattern: subnet-[0-9a-z]*]",
    ),
    (
        "POST", "/2015-03-31/functions", {**FUNCTION, "Role": "r1"}, "",
        "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    ),
    (
        "POST", "/2015-03-31/functions", {**FUNCTION, "MemorySize": 127}, "",
        "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: "
        "Member must have value greater than or equal to 128",
    ),
    (
        "PUT", "/2019-09-30/functions/f/provisioned-concurrency",
        {"ProvisionedConcurrentExecutions": 0}, "Qualifier=1",
        "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy "
        "constraint: Member must have value greater than or equal to 1",
    ),
    (
        "POST", "/2015-03-31/functions/f/aliases",
        {"Name": "a", "FunctionVersion": "1", **weights("2", 2)}, "",
        "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to "
        "satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal "
        "to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    ),
    (
        "POST", "/2015-03-31/functions/f/aliases",
        {"Name": "a", "FunctionVersion": "1", **weights("$LATEST", 0.5)},
        "",
        "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' "
        "failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than "
        "or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular "
        "expression pattern: [0-9]+]",
    ),
    (
        "DELETE", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af", None, "",
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: "
        "Member must not be null",
    ),
    (
        "GET", "/2015-03-31/functions/invalid%3Afunction%3Aname/aliases", None, "FunctionVersion=1",
        "1 validation error detected: Value 'invalid:function:name' at 'functionName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?"
        "((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?"
        "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "query", "text"), RECORDED)
def test_a_refusal_reads_as_awss(method: str, path: str, body: Any, query: str, text: str) -> None:
    assert refusal(method, path, body, query) == text


def test_compatible_runtimes_come_before_architectures_and_list_what_is_supported() -> None:
    body = {
        "Content": {"ZipFile": "UEs="},
        "CompatibleRuntimes": ["invalidruntime"],
        "CompatibleArchitectures": ["invalidarch"],
    }
    text = refusal("POST", "/2018-10-31/layers/l/versions", body)
    first, second = text.removeprefix("2 validation errors detected: ").split("; ")
    assert first.startswith(
        "Value '[invalidruntime]' at 'compatibleRuntimes' failed to satisfy constraint: "
        "Member must satisfy enum value set: [nodejs20.x, python3.14, provided.al2023, "
    )
    assert second.endswith("[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]")


def test_every_complaint_is_told_at_once() -> None:
    text = refusal("POST", "/2015-03-31/functions", {})
    null = "failed to satisfy constraint: Member must not be null"
    assert text == (
        f"3 validation errors detected: Value null at 'functionName' {null}; Value null at 'role' {null}; "
        f"Value null at 'code' {null}"
    )


def test_an_unknown_runtime_is_refused_by_lambda_itself() -> None:
    operation, labels = LAMBDA.route("POST", "/2015-03-31/functions")
    body = json.dumps({**FUNCTION, "Runtime": "PYTHON3.9"}).encode()
    with pytest.raises(InvalidParameterValue) as caught:
        operation.parse(Request("POST", "", body=body), labels)
    assert caught.value.message.startswith("Value PYTHON3.9 at 'runtime' failed to satisfy constraint: ")
    assert caught.value.message.endswith("provided.al2, java8.al2] or be a valid ARN")


def test_environment_variables_are_never_repeated() -> None:
    body = {**FUNCTION, "Environment": {"Variables": {"1": "secret"}}}
    assert refusal("POST", "/2015-03-31/functions", body) == (
        "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must satisfy "
        "regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
    )


def test_a_member_of_a_list_of_structures_has_its_number() -> None:
    body = {**MAPPING, "FilterCriteria": {"Filters": [{"Pattern": "{}"}, {"Pattern": "x" * 4097}]}}
    text = refusal("POST", "/2015-03-31/event-source-mappings", body)
    assert "at 'filterCriteria.filters.2.member.pattern' failed to satisfy constraint: " in text
    assert text.endswith("Member must have length less than or equal to 4096")


def test_null_in_a_list_is_a_complaint_and_not_a_crash() -> None:
    text = refusal("POST", "/2015-03-31/functions", {**FUNCTION, "Layers": [None]})
    assert text.startswith("1 validation error detected: Value '[null]' at 'layers' failed")


def test_a_hostile_string_is_not_matched_at_length() -> None:
    text = refusal("POST", "/2015-03-31/functions", {**FUNCTION, "FunctionName": "a" * 1_000_000 + "!"})
    assert text.count("failed to satisfy constraint") == 1
    assert text.endswith("Member must have length less than or equal to 140")
