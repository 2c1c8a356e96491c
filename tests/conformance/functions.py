"""Functions to deploy: packages made from source text, and the way that a user brings them up."""

from __future__ import annotations

import base64
import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROLE = "arn:aws:iam::000000000000:role/lambda-role"
DEFAULT_RUNTIME = "python3.11"

ECHO = """
def handler(event, context):
    print("event:", event)
    return {"echo": event}
"""


def zipped(source: str, further: Mapping[str, bytes] | None = None) -> bytes:
    """A deployment package whose `app.py` is `source`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("app.py", source)
        for name, content in (further or {}).items():
            package.writestr(name, content)
    return buffer.getvalue()


def fresh_name(stem: str = "function") -> str:
    return f"{stem}-{uuid.uuid4().hex[:12]}"


def create(client: Any, name: str, package: bytes, **configuration: Any) -> dict[str, Any]:
    """CreateFunction with what a test does not care about filled in; the answer."""
    request = {"Runtime": DEFAULT_RUNTIME, "Role": ROLE, "Handler": "app.handler", **configuration}
    answer: dict[str, Any] = client.create_function(FunctionName=name, Code={"ZipFile": package}, **request)
    return answer


def wait_active(client: Any, name: str) -> None:
    """boto3's own waiter, asking more often than its default of once a second."""
    client.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 3000}
    )


def wait_updated(client: Any, name: str) -> None:
    client.get_waiter("function_updated_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 3000}
    )


def deploy(client: Any, source: str, name: str | None = None, **configuration: Any) -> str:
    """Create a function from source text and wait until it is Active; its name."""
    name = name or fresh_name()
    create(client, name, zipped(source), **configuration)
    wait_active(client, name)
    return name


@dataclass(frozen=True)
class Answer:
    """An answer to Invoke, read. value: the payload as JSON. log: the log tail as text."""

    status: int
    value: Any
    error: str | None
    log: str
    version: str | None
    headers: Mapping[str, str]


def invoke(client: Any, name: str, event: object = None, **options: Any) -> Answer:
    """Invoke with the log tail, and read the answer."""
    answer = client.invoke(
        FunctionName=name, **{"LogType": "Tail", "Payload": json.dumps(event).encode(), **options}
    )
    payload = answer["Payload"].read()
    return Answer(
        status=answer["StatusCode"],
        value=json.loads(payload) if payload else None,
        error=answer.get("FunctionError"),
        log=base64.b64decode(answer.get("LogResult", "")).decode(),
        version=answer.get("ExecutedVersion"),
        headers=answer["ResponseMetadata"]["HTTPHeaders"],
    )
