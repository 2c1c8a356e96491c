"""Statements as AddPermission and AddLayerVersionPermission write them, member for member.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingle.model.errors import InvalidParameterValue
from ingle.model.policy import Policy, Statement

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
# Services have domain-style names, each its own; Alexa's are below amazon.com.
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)", re.ASCII)
_IDENTITY = re.compile(
    r"arn:aws[a-zA-Z-]*:(?:iam::[0-9]{12}:(?:root|user/.+|role/.+)"
    r"|sts::[0-9]{12}:(?:assumed-role|federated-user)/.+)",
    re.ASCII,
)

# Members of AddPermission that become conditions, in the order in which AWS writes them.
_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)

# Members that go with one action only.
_ACTIONS = {
    "FunctionUrlAuthType": "lambda:InvokeFunctionUrl",
    "InvokedViaFunctionUrl": "lambda:InvokeFunction",
}


def function_statement(request: Mapping[str, Any], resource: str, partition: str) -> Statement:
    """The statement that an AddPermission request adds to the policy of `resource`, an ARN.

    Raises InvalidParameterValue.
    """
    for member, action in _ACTIONS.items():
        if request.get(member) is not None and request["Action"] != action:
            raise InvalidParameterValue(f"{member} is only supported for {action} action")
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, name in _CONDITIONS:
        if (value := request.get(member)) is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            conditions.setdefault(operator, {})[name] = text
    return _statement(request, _principal(request["Principal"], partition), resource, conditions)


def layer_statement(request: Mapping[str, Any], resource: str, partition: str) -> Statement:
    """The statement that an AddLayerVersionPermission request adds to the policy of `resource`, an ARN."""
    conditions: dict[str, dict[str, str]] = {}
    if (organisation := request.get("OrganizationId")) is not None:
        conditions["StringEquals"] = {"aws:PrincipalOrgID": organisation}
    return _statement(request, _principal(request["Principal"], partition), resource, conditions)


def opens_to_account(policy: Policy, account: str) -> bool:
    """Whether a layer version's policy lets another account use it.

    What is open to an organisation only is not open: there is none here to belong to.
    """
    root = f":iam::{account}:root"
    return any(
        "Condition" not in one
        and (one["Principal"] == "*" or str(one["Principal"].get("AWS", "")).endswith(root))
        for one in policy.statements
    )


def _statement(
    request: Mapping[str, Any], principal: object, resource: str, conditions: dict[str, dict[str, str]]
) -> Statement:
    statement: Statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": request["Action"],
        "Resource": resource,
    }
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(text: str, partition: str) -> object:
    if text == "*":
        return "*"
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:{partition}:iam::{text}:root"}
    if _IDENTITY.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise InvalidParameterValue(
        "The provided principal was invalid. Please check the principal and try again."
    )
