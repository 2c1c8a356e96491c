"""Deployment packages: which members of a request go with a zip and which with a container image.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ingle.controlplane.handlers import refuse_unsupported
from ingle.model.errors import InvalidParameterValue

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import CreateFunctionRequestTypeDef


def refuse_image(request: CreateFunctionRequestTypeDef) -> None:
    """Refuse a container image: with AWS's words where AWS would, else because there are none yet."""
    if any(request.get(name) for name in ("Handler", "Runtime", "Layers")):
        raise InvalidParameterValue(
            "Please don't provide Handler or Runtime or Layer when creating function with packageType Image."
        )
    if not request["Code"].get("ImageUri"):
        raise InvalidParameterValue(
            "Please provide ImageUri when creating a function with packageType Image."
        )
    if request.get("CodeSigningConfigArn"):
        raise InvalidParameterValue(
            "Code signing is not supported for functions created with container images."
        )
    refuse_unsupported({"PackageType": "Image"}, {"PackageType": "container images"})


def refuse_members_of_images(request: Mapping[str, Any], doing: str) -> None:
    """Refuse, for a function of the package type Zip, what only images have."""
    given = {
        "ImageUri": (request.get("Code") or {}).get("ImageUri"),
        "ImageConfig": request.get("ImageConfig"),
    }
    for name, value in given.items():
        if value:
            raise InvalidParameterValue(
                f"Please don't provide {name} when {doing} a function with packageType Zip."
            )
