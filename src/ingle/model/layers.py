"""Layers: names, ARNs, and a layer version as it is stored.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ingle.model.document import from_document, to_document
from ingle.model.errors import InvalidParameterValue, ResourceNotFound
from ingle.model.function import Code
from ingle.model.names import partition

_ARN = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):layer:"
    r"(?P<name>[a-zA-Z0-9_-]+)(?::(?P<number>[0-9]{1,18}))?",
    re.ASCII,
)
_BEYOND = 2**63  # the store has no such numbers


class LayerKey(NamedTuple):
    """What identifies a layer, whatever its versions."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The layer's ARN."""
        return f"arn:{partition(self.region)}:lambda:{self.region}:{self.account}:layer:{self.name}"

    def version(self, number: int) -> LayerReference:
        """One of its versions."""
        return LayerReference(self, number)


class LayerReference(NamedTuple):
    """What identifies a layer version."""

    layer: LayerKey
    number: int

    @property
    def arn(self) -> str:
        """The layer version's ARN."""
        return f"{self.layer.arn}:{self.number}"

    def does_not_exist(self) -> str:
        """AWS's words for a layer version that is not there."""
        return f"Layer version {self.arn} does not exist."


@dataclass(frozen=True, slots=True)
class _Item:
    """AWS's LayerVersionsListItem."""

    layer_version_arn: str
    version: int
    description: str
    created_date: str
    compatible_architectures: tuple[str, ...] | None = None
    compatible_runtimes: tuple[str, ...] | None = None
    license_info: str | None = None


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """A layer version. `number` 0: not published yet. created_date: `ingle.model.clock.timestamp`."""

    key: LayerKey
    code: Code
    description: str
    created_date: str
    compatible_architectures: tuple[str, ...] | None = None
    compatible_runtimes: tuple[str, ...] | None = None
    license_info: str | None = None
    number: int = 0

    @property
    def reference(self) -> LayerReference:
        return self.key.version(self.number)

    @property
    def arn(self) -> str:
        """The layer version's ARN."""
        return self.reference.arn

    def published(self, number: int) -> LayerVersion:
        """The same with its number."""
        return replace(self, number=number)

    def document(self) -> dict[str, Any]:
        """As in lists, and as it is stored."""
        return to_document(
            _Item(
                layer_version_arn=self.arn,
                version=self.number,
                description=self.description,
                created_date=self.created_date,
                compatible_architectures=self.compatible_architectures,
                compatible_runtimes=self.compatible_runtimes,
                license_info=self.license_info,
            )
        )

    @staticmethod
    def of(key: LayerKey, code: Code, document: dict[str, Any]) -> LayerVersion:
        """The layer version that was stored as `document`."""
        item = from_document(_Item, document)
        return LayerVersion(
            key=key,
            code=code,
            description=item.description,
            created_date=item.created_date,
            compatible_architectures=item.compatible_architectures,
            compatible_runtimes=item.compatible_runtimes,
            license_info=item.license_info,
            number=item.version,
        )


def parse_layer_name(text: str, account: str, region: str) -> LayerKey:
    """The layer that a LayerName, a name or an ARN, means for a caller in `account` and `region`.

    The service model has checked its form.
    """
    match = _ARN.fullmatch(text)
    return LayerKey(account, region, text) if match is None else _key(match)


def parse_layer_version_arn(arn: str) -> LayerReference | None:
    """The layer version that an ARN means; None for one that means nothing here, such as an `awslayer`."""
    match = _ARN.fullmatch(arn)
    if match is None or match["number"] is None:
        return None
    return _key(match).version(int(match["number"]))


def check_number(number: int) -> None:
    """Refuse a number that no layer version ever has. Raises InvalidParameterValue, ResourceNotFound."""
    if number < 1:
        raise InvalidParameterValue("Layer Version Cannot be less than 1")
    if number >= _BEYOND:
        raise not_there()


def not_there() -> ResourceNotFound:
    """AWS's answer to a question about a layer version that is not there."""
    return ResourceNotFound("The resource you requested does not exist.")


def _key(match: re.Match[str]) -> LayerKey:
    return LayerKey(match["account"], match["region"], match["name"])
