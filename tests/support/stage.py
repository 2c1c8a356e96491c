"""An environment on a fake sandbox, from its making to its first words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.logs import ListStream
from tests.support.looptime import settle
from tests.support.sandboxes import FakeSandbox, Script
from tests.support.specs import Call, environment_spec

from ingle.telemetry.lines import JsonFormatter, TextFormatter
from ingle.worker.environment import Environment, Equipment
from ingle.worker.journal import Journal


@dataclass
class Stage:
    """What a test of an environment sees of it."""

    environment: Environment
    sandbox: FakeSandbox
    log: ListStream
    free: list[str] = field(default_factory=list)  # the phase, each time that its owner heard it is free

    def environment_free(self, environment: Environment) -> None:
        self.free.append(environment.phase)

    def invoke(self, payload: bytes = b"{}", **changes: Any) -> Call:
        call = Call(payload, **changes)
        self.environment.invoke(call.invocation)
        return call

    async def call(self, payload: bytes = b"{}", **changes: Any) -> Call:
        call = self.invoke(payload, **changes)
        await settle()
        return call


def stage(*scripts: Script, json_log: bool = False, **changes: Any) -> Stage:
    """An environment whose runtime runs `scripts`, one a launch; its INIT has not begun."""
    sandbox, log = FakeSandbox(*scripts), ListStream()
    formatter = JsonFormatter("f", "$LATEST") if json_log else TextFormatter()
    equipment = Equipment("python3.12", {"A": "1"}, Journal(formatter, log), "python:3.12.v1")
    here = Stage.__new__(Stage)
    environment = Environment(environment_spec(**changes), equipment, sandbox, here)
    Stage.__init__(here, environment, sandbox, log)
    return here


async def started(*scripts: Script, **changes: Any) -> Stage:
    """One whose INIT has ended, well or badly."""
    here = stage(*scripts, **changes)
    await here.environment.initialise()
    return here


def masked(lines: list[str]) -> list[str]:
    """Lines with figures and moments made equal."""
    lines = [re.sub(r"\d+\.\d\d ms", "N ms", line) for line in lines]
    lines = [re.sub(r"Billed Duration: \d+ ms", "Billed Duration: N ms", line) for line in lines]
    return [re.sub(r"^\d{4}-\d\d-\d\dT[\d:.]+Z", "T", line) for line in lines]
