"""What functions see at /opt: the layers of each, unpacked and merged, made when a function is created or
updated and never on the path of an invocation."""

from __future__ import annotations

from pathlib import Path

from ingle.model.clock import Clock
from ingle.model.errors import ServiceError
from ingle.model.function import FunctionConfiguration
from ingle.store.code import CodeStore, merged_digest
from ingle.store.layers import Layers


class OptDirectories:
    """The directories that functions with layers have at /opt."""

    def __init__(self, layers: Layers, code: CodeStore, clock: Clock) -> None:
        self._layers = layers
        self._code = code
        self._clock = clock

    async def ensure(self, configuration: FunctionConfiguration) -> Path | None:
        """The directory for a function version, made now if it was not; None where it has no layers.

        Raises ServiceError.
        """
        if not configuration.layers:
            return None
        arns = [layer.arn for layer in configuration.layers]
        try:
            return await self._code.ensure_merged(await self._layers.contents(arns))
        except KeyError as error:
            raise ServiceError(f"The layer version {error} of a function is lost.") from error

    async def referenced(self) -> frozenset[str]:
        """Digests of what has to be kept for layers, and for the functions that have them."""
        merged = {merged_digest(layers) for layers in await self._layers.combinations()}
        return await self._layers.referenced_content() | merged

    async def forget_deleted(self, grace: float) -> None:
        """Let go of layer versions that were deleted `grace` seconds ago and that no function has.

        A function that is being created may have found a layer version there that is deleted by now: it is
        stored long before the grace is over.
        """
        await self._layers.forget_deleted(self._clock.time() - grace)
