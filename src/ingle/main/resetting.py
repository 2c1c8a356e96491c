"""An account is emptied the way a user would: listing and deleting, service by service, region by region."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ingle.controlplane.handlers import Handlers, RequestContext
from ingle.model.errors import CallerError
from ingle.model.identifiers import new_request_id
from ingle.services.library import Library
from ingle.services.logs import Logs
from ingle.services.logs.context import Context as LogsContext
from ingle.services.sqs import Sqs
from ingle.services.sqs.context import Context as SqsContext
from ingle.store.database import Database
from ingle.store.regions import regions

Call = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
_ENDPOINT = "http://localhost"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kind:
    """A kind of resource. `given` is what DELETE takes: its member's name, and where a listed item has it
    (nothing, where the item is the value). `page` has the names of the marker in request and answer."""

    listing: str
    items: str
    delete: str
    given: tuple[tuple[str, str], ...]
    page: tuple[str, str] = ("Marker", "NextMarker")


_OF_LAMBDA = (
    _Kind("ListEventSourceMappings", "EventSourceMappings", "DeleteEventSourceMapping", (("UUID", "UUID"),)),
    _Kind("ListFunctions", "Functions", "DeleteFunction", (("FunctionName", "FunctionName"),)),
    _Kind(
        "ListCodeSigningConfigs",
        "CodeSigningConfigs",
        "DeleteCodeSigningConfig",
        (("CodeSigningConfigArn", "CodeSigningConfigArn"),),
    ),
    _Kind(
        "ListCapacityProviders",
        "CapacityProviders",
        "DeleteCapacityProvider",
        (("CapacityProviderName", "CapacityProviderArn"),),
    ),
)
_LAYER_VERSIONS = _Kind(
    "ListLayerVersions",
    "LayerVersions",
    "DeleteLayerVersion",
    (("VersionNumber", "Version"),),
)
_QUEUES = _Kind("ListQueues", "QueueUrls", "DeleteQueue", (("QueueUrl", ""),), ("NextToken", "NextToken"))
_GROUPS = _Kind(
    "DescribeLogGroups",
    "logGroups",
    "DeleteLogGroup",
    (("logGroupName", "logGroupName"),),
    ("nextToken", "nextToken"),
)


class Resetting:
    """Empties accounts; made of all that can hold something of theirs."""

    def __init__(
        self, databases: tuple[Database, ...], handlers: Handlers, sqs: Sqs, logs: Logs, library: Library
    ) -> None:
        self._databases = databases
        self._handlers = handlers
        self._sqs = sqs
        self._logs = logs
        self._library = library

    async def reset(self, account: str) -> None:
        """Delete all that `account` has here, in every region. Raises IngleError."""
        for region in sorted({r for one in self._databases for r in await regions(one, account)}):
            for kind in _OF_LAMBDA:
                await _empty(self._of_lambda(account, region), kind)
            await self._empty_layers(account, region)
            await _empty(self._of_sqs(account, region), _QUEUES)
            await _empty(self._of_logs(account, region), _GROUPS)
        await self._library.reset(account)

    async def _empty_layers(self, account: str, region: str) -> None:
        call = self._of_lambda(account, region)
        for layer in await _all(call, "ListLayers", "Layers", ("Marker", "NextMarker"), {}):
            await _empty(call, _LAYER_VERSIONS, {"LayerName": layer["LayerName"]})

    def _of_lambda(self, account: str, region: str) -> Call:
        context = RequestContext(account, region, new_request_id(), _ENDPOINT)
        return lambda operation, request: self._handlers.call(operation, context, request)

    def _of_sqs(self, account: str, region: str) -> Call:
        context = SqsContext(account, region, _ENDPOINT)
        return lambda operation, request: self._sqs.call(operation, context, request)

    def _of_logs(self, account: str, region: str) -> Call:
        context = LogsContext(account, region)
        return lambda operation, request: self._logs.call(operation, context, request)


async def _empty(call: Call, kind: _Kind, about: Mapping[str, Any] | None = None) -> None:
    """Delete all of a kind; what is going already, or has gone meanwhile, is as good as deleted."""
    about = about or {}
    for item in await _all(call, kind.listing, kind.items, kind.page, about):
        given = {name: item[member] if member else item for name, member in kind.given}
        try:
            await call(kind.delete, {**about, **given})
        except CallerError as error:
            _log.info("%s of %s in a reset: %s", kind.delete, given, error)


async def _all(
    call: Call, listing: str, items: str, page: tuple[str, str], about: Mapping[str, Any]
) -> list[Any]:
    found: list[Any] = []
    request = dict(about)
    while True:
        answer = await call(listing, request)
        found += answer.get(items) or []
        if not answer.get(page[1]):
            return found
        request[page[0]] = answer[page[1]]
