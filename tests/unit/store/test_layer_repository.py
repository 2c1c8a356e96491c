"""Layers and policies in the store: every question is answered by an index, every change is whole."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingle.model.function import Code
from ingle.model.layers import LayerKey, LayerVersion
from ingle.model.names import FunctionKey, FunctionReference
from ingle.model.policy import Policy, StoredPolicy
from ingle.store.database import Database
from ingle.store.layers import Layers
from ingle.store.migrate import migrate
from ingle.store.policies import FunctionPolicies
from ingle.store.sql import queries

ROOM = 10**12
KEY = LayerKey("0" * 12, "us-east-1", "l")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "ingle.db")
    yield database
    await database.close()


@pytest.mark.parametrize("name", ["layers", "policies"])
def test_every_named_query_is_answered_by_an_index(tmp_path: Path, name: str) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    migrate(connection)
    for query, text in queries(name).items():
        parameters = dict.fromkeys(re.findall(r":(\w+)", text), 1)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
        scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
        assert all("INDEX" in step for step in scans), (query, plan)
    connection.close()


def layer(content: str = "ab") -> LayerVersion:
    return LayerVersion(KEY, Code(content * 32, 1), "", "2026-01-01T00:00:00.000+0000")


async def test_publications_at_once_get_a_number_each(database: Database) -> None:
    layers = Layers(database)
    published = await asyncio.gather(*(layers.publish(layer(), total_code_size=ROOM) for _ in range(20)))
    assert sorted(version.number for version in published) == list(range(1, 21))


async def test_a_deleted_version_is_gone_for_all_but_its_content(database: Database) -> None:
    layers = Layers(database)
    reference = (await layers.publish(layer(), total_code_size=ROOM)).reference
    await layers.delete(reference, now=10.0)
    assert await layers.get(reference) is None
    assert await layers.versions(KEY, runtime=None, architecture=None, limit=9, before=99) == []
    with pytest.raises(KeyError):
        await layers.change_policy(reference, lambda _: Policy({"Statement": []}))
    assert await layers.contents([reference.arn]) == ("ab" * 32,)
    await layers.forget_deleted(before=9.0)
    assert await layers.referenced_content() == {"ab" * 32}
    await layers.forget_deleted(before=10.0)
    assert await layers.referenced_content() == frozenset()
    with pytest.raises(KeyError):
        await layers.contents([reference.arn])


async def test_a_failed_change_leaves_a_policy_as_it_was(database: Database) -> None:
    layers = Layers(database)
    reference = (await layers.publish(layer(), total_code_size=ROOM)).reference
    revision = await layers.change_policy(reference, lambda _: Policy({"Statement": []}))

    def refuse(_: StoredPolicy | None) -> Policy | None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # it is our own
        await layers.change_policy(reference, refuse)
    stored = await layers.policy(reference)
    assert stored is not None
    assert stored.revision_id == revision


async def test_a_policy_wants_what_it_is_for(database: Database) -> None:
    policies = FunctionPolicies(database)
    for qualifier in (None, "1", "alias", "9" * 40):
        reference = FunctionReference(FunctionKey("0" * 12, "us-east-1", "f"), qualifier)
        with pytest.raises(KeyError):
            await policies.change(reference, lambda _: Policy({"Statement": []}))
        assert await policies.get(reference) is None
