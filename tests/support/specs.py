"""Specifications of environments, and invocations, with all that a test does not care about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingle.model.errors import IngleError
from ingle.model.identifiers import new_request_id
from ingle.model.invocation import Invocation, Outcome
from ingle.worker.spec import EnvironmentSpec


def environment_spec(key: str = "g1", **changes: Any) -> EnvironmentSpec:
    given: dict[str, Any] = {
        "key": key,
        "account": "000000000000",
        "region": "us-east-1",
        "function_name": "f",
        "version": "$LATEST",
        "runtime": "python3.12",
        "handler": "app.handler",
        "memory_mb": 128,
        "tmp_mb": 512,
        "timeout": 3.0,
        "code": Path("/code"),
        "runtime_version_arn": "arn:aws:lambda:us-east-1::runtime:abc",
        "log_group": "/aws/lambda/f",
    }
    return EnvironmentSpec(**{**given, **changes})


class Call:
    """One invocation and every answer that it got: one, if all is well."""

    def __init__(self, payload: bytes = b"{}", **changes: Any) -> None:
        self.answers: list[Outcome | IngleError] = []
        self.invocation = Invocation(
            request_id=new_request_id(),
            function_arn="arn:aws:lambda:us-east-1:000000000000:function:f",
            payload=payload,
            trace_id="Root=1-0-0;Parent=0;Sampled=0",
            done=self.answers.append,
            **changes,
        )

    @property
    def id(self) -> str:
        return self.invocation.request_id

    @property
    def outcome(self) -> Outcome:
        (answer,) = self.answers
        assert isinstance(answer, Outcome)
        return answer

    @property
    def error(self) -> IngleError:
        (answer,) = self.answers
        assert isinstance(answer, IngleError)
        return answer
