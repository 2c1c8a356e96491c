"""The layers that a function is to have: AWS's refusals, in AWS's words.

https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html
"""

from __future__ import annotations

from collections.abc import Sequence

from ingle.controlplane.handlers import RequestContext
from ingle.model.errors import AccessDenied, InvalidParameterValue
from ingle.model.function import Layer
from ingle.model.layers import LayerReference, LayerVersion, parse_layer_version_arn
from ingle.model.permissions import opens_to_account
from ingle.model.quotas import CODE_SIZE_UNZIPPED, LAYERS
from ingle.store.code import CodeStore
from ingle.store.layers import Layers


class FunctionLayers:
    """Looks up and measures the layers of functions."""

    def __init__(self, layers: Layers, code: CodeStore) -> None:
        self._layers = layers
        self._code = code

    async def find(self, context: RequestContext, arns: Sequence[str]) -> tuple[Layer, ...] | None:
        """What a function's configuration says of the layer versions `arns`; None for none.

        Raises InvalidParameterValue for more than five, for one of another region, one that is not there,
        two versions of one layer; AccessDenied for another account's that is not open to the caller.
        """
        if len(arns) > LAYERS:
            raise InvalidParameterValue(f"Cannot reference more than {LAYERS} layers.")
        found: dict[str, LayerVersion] = {}
        for arn in arns:
            version = await self._version(context, arn)
            if (other := found.get(version.key.arn)) is not None:
                raise InvalidParameterValue(
                    "Two different versions of the same layer are not allowed to be referenced in the same "
                    f"function. {other.arn} and {arn} are versions of the same layer."
                )
            found[version.key.arn] = version
        return tuple(Layer(one.arn, one.code.size) for one in found.values()) or None

    async def check_size(self, code_sha256: str, layers: Sequence[Layer] | None) -> None:
        """Refuse a package (its hexadecimal digest) that is too large unpacked together with its layers.

        Raises InvalidParameterValue.
        """
        if not layers:
            return
        contents = await self._layers.contents([layer.arn for layer in layers])
        size = sum([await self._code.unpacked_size(sha256) for sha256 in contents])
        if size > CODE_SIZE_UNZIPPED:
            raise InvalidParameterValue(
                f"Layers consume more than the available size of {CODE_SIZE_UNZIPPED} bytes"
            )
        size += await self._code.unpacked_size(code_sha256)
        if size > CODE_SIZE_UNZIPPED:
            raise InvalidParameterValue(
                "Function code combined with layers exceeds the maximum allowed size of "
                f"{CODE_SIZE_UNZIPPED} bytes. The actual size is {size} bytes."
            )

    async def _version(self, context: RequestContext, arn: str) -> LayerVersion:
        reference = parse_layer_version_arn(arn)
        if reference is None:
            raise InvalidParameterValue(f"Layer version {arn} does not exist.")
        if reference.layer.region != context.region:
            raise InvalidParameterValue(
                "Layers are not in the same region as the function. "
                f"Layers are expected to be in region {context.region}."
            )
        version = await self._layers.get(reference)
        if reference.layer.account != context.account:
            await self.require_open(context, reference)
        if version is None:
            raise InvalidParameterValue(reference.does_not_exist())
        return version

    async def require_open(self, context: RequestContext, reference: LayerReference) -> None:
        """Refuse another account's layer version, there or not, that no policy opens. Raises AccessDenied."""
        stored = await self._layers.policy(reference)
        if stored is None or not opens_to_account(stored.policy, context.account):
            raise AccessDenied(
                f"User: arn:aws:iam::{context.account}:root is not authorized to perform: "
                f"lambda:GetLayerVersion on resource: {reference.arn} because no resource-based policy "
                "allows the lambda:GetLayerVersion action"
            )
