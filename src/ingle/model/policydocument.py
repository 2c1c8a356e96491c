"""A whole policy as a caller writes it: read, and refused where it is none that a function can have.

https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

AWS's texts for a bad document are not published; each here begins as IAM's own answers to one do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ingle.model.errors import InvalidParameterValue
from ingle.model.policy import Policy, check_size

_VERSIONS = ("2012-10-17", "2008-10-17")
_OF_A_POLICY = {"Version", "Id", "Statement"}
_OF_A_STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "Condition",
}


def read_policy(text: str, resource: str) -> Policy:
    """The policy that `text` is, for the function, version or alias whose ARN is `resource`.

    Raises InvalidParameterValue for what is no policy or speaks of another resource, PolicyLengthExceeded
    above 20 KB.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise malformed("the policy is not valid JSON") from None
    if not isinstance(document, dict):
        raise malformed("the policy is not a JSON object")
    _refuse_others(document, _OF_A_POLICY)
    if document.get("Version", _VERSIONS[-1]) not in _VERSIONS:
        raise malformed(f"Version is not one of {', '.join(_VERSIONS)}")
    statements = document.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise malformed("Statement is neither a statement nor a list of statements")
    for statement in statements:
        _check_statement(statement, resource)
    _refuse_double_sids(statements)
    policy = Policy(document)
    check_size(policy)
    return policy


def malformed(reason: str) -> InvalidParameterValue:
    """The answer to a document that is no policy for its resource."""
    return InvalidParameterValue(f"Syntax errors in policy: {reason}.")


def _check_statement(statement: Any, resource: str) -> None:
    if not isinstance(statement, dict):
        raise malformed("a statement is not a JSON object")
    _refuse_others(statement, _OF_A_STATEMENT)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise malformed("Effect is neither Allow nor Deny")
    for name in ("Principal", "Action"):
        if (name in statement) is (f"Not{name}" in statement):
            raise malformed(f"a statement has to have either {name} or Not{name}")
    if not isinstance(statement.get("Condition", {}), dict):
        raise malformed("Condition is not a JSON object")
    if not isinstance(statement.get("Sid", ""), str):
        raise malformed("Sid is not a string")
    _check_principal(statement.get("Principal", statement.get("NotPrincipal")))
    for action in _strings(statement.get("Action", statement.get("NotAction")), "Action"):
        if action != "*" and not action.lower().startswith("lambda:"):
            raise malformed(f"the action {action} is not one of Lambda's")
    for named in _strings(statement.get("Resource"), "Resource"):
        if named not in (resource, f"{resource}:*"):
            raise malformed(f"the resource {named} is not the one that the policy is attached to")


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    kinds = {"AWS", "Service", "Federated", "CanonicalUser"}
    if not isinstance(principal, dict) or not principal or principal.keys() - kinds:
        raise malformed("Principal is neither * nor an object of principals")
    for kind, named in principal.items():
        _strings(named, f"the principal {kind}")


def _strings(value: Any, what: str) -> list[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise malformed(f"{what} is neither a string nor a list of strings")
    return found


def _refuse_others(document: dict[str, Any], known: Iterable[str]) -> None:
    if others := document.keys() - set(known):
        raise malformed(f"the element {min(others)} is not known")


def _refuse_double_sids(statements: list[dict[str, Any]]) -> None:
    sids = [one["Sid"] for one in statements if one.get("Sid")]
    if len(set(sids)) < len(sids):
        raise malformed("two statements have the same Sid")
