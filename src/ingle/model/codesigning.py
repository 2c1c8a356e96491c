"""Code signing configurations: who may sign a function's code, and what becomes of code that nobody did.

https://docs.aws.amazon.com/lambda/latest/api/API_CodeSigningConfig.html
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ingle.model.names import partition


@dataclass(frozen=True, slots=True)
class AllowedPublishers:
    signing_profile_version_arns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeSigningPolicies:
    untrusted_artifact_on_deployment: str = "Warn"


@dataclass(frozen=True, slots=True)
class CodeSigningConfig:
    """Members as AWS answers them; LastModified is `ingle.model.clock.timestamp`."""

    code_signing_config_id: str
    code_signing_config_arn: str
    allowed_publishers: AllowedPublishers
    last_modified: str
    code_signing_policies: CodeSigningPolicies = CodeSigningPolicies()
    description: str | None = None


def new_id() -> str:
    """An identifier that no configuration has: `csc-` and 17 hexadecimal digits."""
    return f"csc-{secrets.token_hex(9)[:17]}"


def arn_of(account: str, region: str, identifier: str) -> str:
    """The ARN of a configuration."""
    return f"arn:{partition(region)}:lambda:{region}:{account}:code-signing-config:{identifier}"
