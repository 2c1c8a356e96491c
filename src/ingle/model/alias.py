"""Aliases: a name for a version, or for two versions that share the invocations.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingle.model.errors import InvalidParameterValue
from ingle.model.names import LATEST, FunctionKey


@dataclass(frozen=True, slots=True)
class AdditionalVersion:
    """The second version of an alias, and its share of the invocations, 0 to 1."""

    version: str
    weight: float


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias as it is stored. `function_version` is a number or `$LATEST`."""

    key: FunctionKey
    name: str
    function_version: str
    description: str
    revision_id: str
    additional: AdditionalVersion | None = None

    @property
    def arn(self) -> str:
        return self.key.qualified_arn(self.name)

    def document(self) -> dict[str, Any]:
        """AWS's AliasConfiguration."""
        document: dict[str, Any] = {
            "AliasArn": self.arn,
            "Name": self.name,
            "FunctionVersion": self.function_version,
            "Description": self.description,
            "RevisionId": self.revision_id,
        }
        if self.additional is not None:
            weights = {self.additional.version: self.additional.weight}
            document["RoutingConfig"] = {"AdditionalVersionWeights": weights}
        return document


def additional_version(weights: Mapping[str, float]) -> AdditionalVersion | None:
    """The second version that AdditionalVersionWeights names; empty ones name none.

    Raises InvalidParameterValue for more than one. Their range is the service model's to check.
    """
    if len(weights) > 1:
        raise InvalidParameterValue("Number of items in AdditionalVersionWeights cannot be greater than 1")
    return next((AdditionalVersion(version, weight) for version, weight in weights.items()), None)


def check_routing(function_version: str, additional: AdditionalVersion | None) -> None:
    """Refuse two versions that cannot share the invocations of an alias. Raises InvalidParameterValue."""
    if additional is None:
        return
    if additional.version == function_version:
        raise InvalidParameterValue(
            f"Invalid function version {function_version}. "
            f"Function version {function_version} is already included in routing configuration."
        )
    if function_version == LATEST:
        raise InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version")
