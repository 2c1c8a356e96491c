"""`ingle logs`: a client of CloudWatch Logs' FilterLogEvents, as `aws logs tail` is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.session
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_POLL_SECONDS = 0.5
_LATE_MS = 10_000  # how much later than its time an event may still come in


def show(name: str, follow: bool, since: float, endpoint: str) -> None:
    """Print the events of a function's log group. Raises ClickException where Ingle does not answer."""
    group = name if name.startswith("/") else f"/aws/lambda/{name}"
    client = _client(endpoint)
    start = int((time.time() - since) * 1_000) if since else 0
    shown: dict[str, int] = {}  # the events that may be met again, by their ids
    while True:
        for event in _events(client, group, start, endpoint):
            if event["eventId"] not in shown:
                shown[event["eventId"]] = event["timestamp"]
                _print(event)
        if not follow:
            return
        if shown:
            start = max(start, max(shown.values()) - _LATE_MS)
            shown = {id: at for id, at in shown.items() if at >= start}
        time.sleep(_POLL_SECONDS)


def _client(endpoint: str) -> Any:
    """Signed by the caller's own credentials where there are some: they say whose account it is."""
    session = botocore.session.get_session()
    if session.get_credentials() is None:
        session.set_credentials("ingle", "ingle")
    region = session.get_config_variable("region") or os.environ.get("AWS_REGION") or "us-east-1"
    config = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 1})
    return session.create_client("logs", region_name=region, endpoint_url=endpoint, config=config)


def _events(client: Any, group: str, start: int, endpoint: str) -> Iterator[dict[str, Any]]:
    try:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
        for page in pages:
            yield from page["events"]
    except client.exceptions.ResourceNotFoundException:
        return  # what has never run has no log
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(
            f"Ingle does not answer at {endpoint}: {error}. Is `ingle up` running?"
        ) from error


def _print(event: dict[str, Any]) -> None:
    at = event["timestamp"]
    when = datetime.fromtimestamp(at / 1_000, UTC)
    click.echo(f"{when:%Y-%m-%dT%H:%M:%S}.{at % 1_000:03d} {event['message']}")
