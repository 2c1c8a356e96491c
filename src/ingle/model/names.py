"""Function names and ARNs: `name`, `account:function:name`, the full ARN, each with a qualifier or without.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html (FunctionName)
https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html (qualified and unqualified ARNs)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from ingle.model.errors import InvalidParameterValue, ResourceNotFound, ValidationError
from ingle.model.quotas import FUNCTION_NAME_LENGTH

LATEST = "$LATEST"

# The service model's own pattern (NamespacedFunctionName), as it is quoted to callers.
PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_REFERENCE = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?",
    re.ASCII,
)
_VERSION_NUMBER = re.compile(r"[0-9]+", re.ASCII)


class FunctionKey(NamedTuple):
    """What identifies a function, whatever its versions."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:{partition(self.region)}:lambda:{self.region}:{self.account}:function:{self.name}"

    def qualified_arn(self, qualifier: str) -> str:
        """The ARN of one version or alias."""
        return f"{self.arn}:{qualifier}"


@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function as a caller named it; `qualifier` is a version, an alias, `$LATEST`, or None."""

    key: FunctionKey
    qualifier: str | None = None

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def arn(self) -> str:
        """The ARN as it was meant: qualified only where the caller qualified it."""
        return self.key.arn if self.qualifier is None else self.key.qualified_arn(self.qualifier)

    def not_found(self) -> ResourceNotFound:
        """AWS's answer for a function or version that does not exist."""
        return ResourceNotFound(f"Function not found: {self.arn}")


@lru_cache(maxsize=64)  # asked for at every invocation, and there are few regions
def partition(region: str) -> str:
    """The partition of a region: `aws`, `aws-cn`, `aws-us-gov`, ..."""
    prefixes = {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "us-isob-": "aws-iso-b",
        "us-isof-": "aws-iso-f",
        "eu-isoe-": "aws-iso-e",
        "us-iso-": "aws-iso",
        "eusc-": "aws-eusc",
    }
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")


def is_version_number(qualifier: str) -> bool:
    """Whether a qualifier is a published version's number rather than an alias's name."""
    return _VERSION_NUMBER.fullmatch(qualifier) is not None


def parse_function_name(
    text: str, account: str, region: str, qualifier: str | None = None
) -> FunctionReference:
    """The function that `text` names for a caller in `account` and `region`.

    `qualifier` is the request's own Qualifier; it has to agree with the one in the name, if both are there.
    Raises ValidationError for text that is no function name, InvalidParameterValue for two qualifiers that
    differ, ResourceNotFound for a function of another region.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValidationError(
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {PATTERN}"
        )
    if match["region"] and match["region"] != region:
        raise ResourceNotFound(
            f"Functions from '{match['region']}' are not reachable in this region ('{region}')"
        )
    if qualifier and match["qualifier"] and qualifier != match["qualifier"]:
        raise InvalidParameterValue(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    key = FunctionKey(match["account"] or account, region, match["name"])
    return FunctionReference(key, qualifier or match["qualifier"])


def parse_new_function_name(text: str, account: str, region: str) -> FunctionReference:
    """As `parse_function_name`, for a function to be created: its bare name has a limit of its own."""
    reference = parse_function_name(text, account, region)
    if len(reference.name) > FUNCTION_NAME_LENGTH:
        raise InvalidParameterValue(
            f"1 validation error detected: Value '{reference.name}' at 'functionName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {FUNCTION_NAME_LENGTH}"
        )
    return reference


def unqualified(reference: FunctionReference) -> FunctionReference:
    """The same function without its qualifier."""
    return replace(reference, qualifier=None)
