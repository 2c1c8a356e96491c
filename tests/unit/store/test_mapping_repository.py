"""Event source mappings in the store: of clients at once one wins, and a restart changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingle.model.errors import ResourceConflict, ResourceInUse
from ingle.model.eventsources import SourceType
from ingle.model.mappings import EventSourceMapping, MappingKey, MappingState, require_settled, settled
from ingle.store import Database
from ingle.store.mappings import EventSourceMappings

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


def mapping(number: int = 0, state: MappingState = MappingState.CREATING) -> EventSourceMapping:
    return EventSourceMapping(
        MappingKey("000000000000", "us-east-1", f"{number:036}"),
        SourceType.SQS,
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        enabled=True,
        state=state,
        last_modified=1_767_225_600.125,
        settings={"EventSourceArn": QUEUE, "BatchSize": 10},
    )


def ended(mapping: EventSourceMapping) -> EventSourceMapping:
    return replace(mapping, state=settled(mapping))


def deleting(mapping: EventSourceMapping) -> EventSourceMapping:
    require_settled(mapping, "delete")
    return replace(mapping, state=MappingState.DELETING)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "ingle.db")
    yield database
    await database.close()


async def test_of_the_same_mappings_created_at_once_one_is_made(database: Database) -> None:
    mappings = EventSourceMappings(database)
    results = await asyncio.gather(
        *(mappings.create(mapping(number), {}) for number in range(20)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, ResourceConflict) for result in results)
    page = await mappings.page("000000000000", "us-east-1", limit=100)
    assert len(page.mappings) == 1


async def test_of_deletions_at_once_one_succeeds(database: Database) -> None:
    mappings = EventSourceMappings(database)
    await mappings.create(mapping(state=MappingState.ENABLED), {})
    results = await asyncio.gather(
        *(mappings.change(mapping().key, deleting) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, EventSourceMapping) for result in results) == 1
    assert sum(isinstance(result, ResourceInUse) for result in results) == 19


async def test_what_is_on_its_way_is_found_and_ended_after_a_restart(
    database: Database, tmp_path: Path
) -> None:
    before = EventSourceMappings(database)
    await before.create(mapping(), {"k": "v"})
    await database.close()
    reopened = await Database.open(tmp_path / "ingle.db")
    mappings = EventSourceMappings(reopened)
    assert await mappings.unsettled(10) == [mapping()]
    await mappings.settle([mapping().key, mapping(7).key], ended)
    assert await mappings.unsettled(10) == []
    assert await mappings.get(mapping().key) == mapping(state=MappingState.ENABLED)
    await mappings.change(mapping().key, deleting)
    await mappings.settle([mapping().key], ended)
    assert await mappings.get(mapping().key) is None
    await reopened.close()
