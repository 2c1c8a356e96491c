"""Event source mappings: create, read, update, list, delete.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and its neighbours. A mapping
belongs to no function: it stays where its function goes. Whether the event source exists is not looked at
here: who reads from it finds out.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from ingle.controlplane.handlers import Answer, Handlers, RequestContext, require_own_account
from ingle.controlplane.mappinglifecycle import MappingLifecycle
from ingle.model.clock import Clock
from ingle.model.errors import InvalidParameterValue
from ingle.model.eventsources import source_type
from ingle.model.mappings import (
    EventSourceMapping,
    MappingKey,
    MappingState,
    check_transition,
    not_found,
    require_settled,
)
from ingle.model.mappingsettings import changed_settings, new_settings
from ingle.model.names import LATEST, parse_function_name
from ingle.model.quotas import EVENT_SOURCE_MAPPINGS_PER_PAGE
from ingle.model.tags import check_tags
from ingle.store.functions import Functions
from ingle.store.mappings import EventSourceMappings

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import (
        CreateEventSourceMappingRequestTypeDef,
        DeleteEventSourceMappingRequestTypeDef,
        GetEventSourceMappingRequestTypeDef,
        ListEventSourceMappingsRequestTypeDef,
        UpdateEventSourceMappingRequestTypeDef,
    )

_NOT_POLLED = "Kept, answered and led through its states; nothing reads from the event source yet."


class MappingOperations:
    """The operations on event source mappings; `lifecycle` ends the transitions that they begin."""

    def __init__(
        self,
        mappings: EventSourceMappings,
        functions: Functions,
        lifecycle: MappingLifecycle,
        clock: Clock,
    ) -> None:
        self._mappings = mappings
        self._functions = functions
        self._lifecycle = lifecycle
        self._clock = clock

    def register(self, handlers: Handlers) -> None:
        """Add these operations to `handlers`."""
        handlers.add("CreateEventSourceMapping", self.create_event_source_mapping, note=_NOT_POLLED)
        handlers.add("GetEventSourceMapping", self.get_event_source_mapping)
        handlers.add("UpdateEventSourceMapping", self.update_event_source_mapping, note=_NOT_POLLED)
        handlers.add("ListEventSourceMappings", self.list_event_source_mappings)
        handlers.add("DeleteEventSourceMapping", self.delete_event_source_mapping)

    async def create_event_source_mapping(
        self, context: RequestContext, request: CreateEventSourceMappingRequestTypeDef
    ) -> Answer:
        tags = request.get("Tags") or {}
        check_tags(tags)
        key = MappingKey(context.account, context.region, str(uuid.uuid4()))
        source, now = source_type(request), self._now()
        settings = new_settings(source, request, key.uuid, now)
        function_arn = await self._function(context, request["FunctionName"], "CreateEventSourceMapping")
        enabled = request.get("Enabled", True)
        state = MappingState.CREATING if enabled else MappingState.DISABLED
        check_transition(None, state)
        mapping = EventSourceMapping(key, source, function_arn, enabled, state, now, settings)
        await self._mappings.create(mapping, tags)
        self._lifecycle.wake()
        return mapping.document()

    async def get_event_source_mapping(
        self, context: RequestContext, request: GetEventSourceMappingRequestTypeDef
    ) -> Answer:
        found = await self._mappings.get(_key(context, request["UUID"]))
        if found is None:
            raise not_found()
        return found.document()

    async def update_event_source_mapping(
        self, context: RequestContext, request: UpdateEventSourceMappingRequestTypeDef
    ) -> Answer:
        key = _key(context, request["UUID"])
        if await self._mappings.get(key) is None:
            raise not_found()
        name = request.get("FunctionName")
        function_arn = await self._function(context, name, "UpdateEventSourceMapping") if name else None

        def change(before: EventSourceMapping) -> EventSourceMapping:
            require_settled(before, "update")
            enabled = request.get("Enabled", before.enabled)
            state = _state_of_update(before.enabled, enabled)
            check_transition(before.state, state)
            return replace(
                before,
                function_arn=function_arn or before.function_arn,
                enabled=enabled,
                state=state,
                last_modified=self._now(),
                settings=changed_settings(before.source, before.settings, request),
            )

        changed = await self._mappings.change(key, change)
        self._lifecycle.wake()
        return changed.document()

    async def list_event_source_mappings(
        self, context: RequestContext, request: ListEventSourceMappingsRequestTypeDef
    ) -> Answer:
        name = request.get("FunctionName")
        limit = EVENT_SOURCE_MAPPINGS_PER_PAGE
        page = await self._mappings.page(
            context.account,
            context.region,
            limit=min(request.get("MaxItems") or limit, limit),
            after=request.get("Marker") or "",
            function_arn=parse_function_name(name, context.account, context.region).arn if name else None,
            event_source_arn=request.get("EventSourceArn"),
        )
        answer: Answer = {"EventSourceMappings": [mapping.document() for mapping in page.mappings]}
        if page.next is not None:
            answer["NextMarker"] = page.next
        return answer

    async def delete_event_source_mapping(
        self, context: RequestContext, request: DeleteEventSourceMappingRequestTypeDef
    ) -> Answer:
        def change(before: EventSourceMapping) -> EventSourceMapping:
            require_settled(before, "delete")
            check_transition(before.state, MappingState.DELETING)
            return replace(before, state=MappingState.DELETING, last_modified=self._now())

        deleted = await self._mappings.change(_key(context, request["UUID"]), change)
        self._lifecycle.wake()
        return deleted.document()

    async def _function(self, context: RequestContext, name: str, action: str) -> str:
        """The ARN of an existing function as the caller named it. Raises CallerError."""
        reference = parse_function_name(name, context.account, context.region)
        require_own_account(context, reference.key, action)
        if await self._functions.get(reference.key, reference.qualifier or LATEST) is None:
            raise InvalidParameterValue("Function does not exist")
        return reference.arn

    def _now(self) -> float:
        return round(self._clock.time(), 3)


def _state_of_update(before: bool, after: bool) -> MappingState:
    if before == after:
        return MappingState.UPDATING
    return MappingState.ENABLING if after else MappingState.DISABLING


def _key(context: RequestContext, uuid_: str) -> MappingKey:
    return MappingKey(context.account, context.region, uuid_)
