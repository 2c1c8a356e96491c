"""Run a plan over the events of groups: a page at a time, so that memory stays bounded and others get by."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingle.services.logs.insights.commands import MOST_ROWS, Plan
from ingle.services.logs.insights.functions import moment, number, text
from ingle.services.logs.insights.records import Record
from ingle.services.logs.insights.statistics import Groups
from ingle.store.logevents import Event, LogEvents, Position, Span
from ingle.store.loggroups import LogGroupKey

_PAGE = 2_000  # events
_PAGE_BYTES = 1_048_576


@dataclass
class Outcome:
    """`rows`: of each row its fields and their values, in order."""

    rows: list[list[tuple[str, str]]] = field(default_factory=list)
    matched: int = 0
    scanned: int = 0
    bytes_scanned: int = 0


async def run(
    plan: Plan, events: LogEvents, spans: Sequence[tuple[LogGroupKey, Span]], outcome: Outcome
) -> None:
    """Fill `outcome`, whose figures show how far it is. Raises OverflowError for too many groups of `stats`,
    and ServiceError."""
    collected = _Collected(plan)
    for key, span in spans:
        position = Position(0, 0)
        while page := await events.after(span, position, _PAGE, _PAGE_BYTES):
            await asyncio.to_thread(collected.look, key, page, outcome)
            position = page[-1].position
    outcome.rows = await asyncio.to_thread(collected.rows)


class _Collected:
    """What is kept of the records that passed: groups of `stats`, or the first rows in the wanted order."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._groups = None if plan.by is None else Groups(plan.by, plan.figures, MOST_ROWS)
        self._kept: list[Record] = []

    def look(self, key: LogGroupKey, page: Sequence[Event], outcome: Outcome) -> None:
        for event in page:
            outcome.scanned += 1
            outcome.bytes_scanned += len(event.message)
            record = _record(key, event)
            if all(step(record) for step in self._plan.steps):
                outcome.matched += 1
                if self._groups is not None:
                    self._groups.add(record)
                else:
                    self._kept.append(record)
        if len(self._kept) > 2 * self._plan.limit + _PAGE:
            self._cut()

    def rows(self) -> list[list[tuple[str, str]]]:
        if self._groups is not None:
            rows = self._groups.rows()
            self._kept = [row for row in rows if all(step(row) for step in self._plan.after)]
        self._cut()
        return [self._shown(record) for record in self._kept]

    def _cut(self) -> None:
        if self._plan.sort:
            self._kept.sort(key=self._plan.key)
        del self._kept[self._plan.limit :]

    def _shown(self, record: Record) -> list[tuple[str, str]]:
        shown = []
        for name in self._plan.shown:
            value = record.get(name)
            at = number(value) if name in self._plan.times else None
            if value is not None:
                shown.append((name, text(value) if at is None else moment(at)))
        if self._groups is None:
            shown.append(("@ptr", text(record.get("@ptr"))))
        return shown


def _record(key: LogGroupKey, event: Event) -> Record:
    return Record(
        {
            "@timestamp": event.at,
            "@message": event.message,
            "@logStream": event.stream,
            "@log": f"{key.account}:{key.name}",
            "@ingestionTime": event.ingested_at,
            "@ptr": f"{event.at:020d}{event.id:036d}",
        }
    )
