"""Calls from moto back to Ingle's own endpoint, over HTTP as anybody's.

A call that would run a function is only put into a queue here, and a thread makes it: moto calls with its one
lock held, and a function that calls back would wait for that lock for ever. What neither runs a function nor
comes back to us (is there such a function? put this message into a queue) is made at once.
"""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_WAITING = 10_000  # calls; more are dropped, and said
_PATIENCE = 5.0  # seconds
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """An asynchronous invocation on its way."""

    account: str
    region: str
    function: str
    qualifier: str | None
    payload: bytes


class Ingle:
    """Ingle's public API, for one account and region at a time. `start` before anything is called."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._calls: queue.Queue[Call] = queue.Queue(_WAITING)
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._making = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._call_on, name="calls", daemon=True).start()

    def client(self, service: str, account: str, region: str) -> Any:
        """boto3's client of Ingle's `service`, as `account`."""
        key = (service, account, region)
        with self._making:  # boto3's making of clients is not for several threads at once
            if key not in self._clients:
                patience = Config(
                    connect_timeout=_PATIENCE, read_timeout=_PATIENCE, retries={"total_max_attempts": 1}
                )
                self._clients[key] = boto3.client(
                    service,
                    endpoint_url=self._endpoint,
                    region_name=region,
                    aws_access_key_id=account,
                    aws_secret_access_key="ingle",
                    config=patience,
                )
            return self._clients[key]

    def invoke_later(self, call: Call) -> None:
        """Have a function invoked asynchronously, soon."""
        try:
            self._calls.put_nowait(call)
        except queue.Full:
            _log.error("an event for %s is lost: %d wait already", call.function, _WAITING)

    def _call_on(self) -> None:
        while True:
            call = self._calls.get()
            try:
                self._invoke(call)
            except (BotoCoreError, ClientError) as error:
                _log.error("an event for %s was not taken: %s", call.function, error)
            except Exception:
                _log.exception("an event for %s is lost", call.function)

    def _invoke(self, call: Call) -> None:
        named = {"Qualifier": call.qualifier} if call.qualifier else {}
        client = self.client("lambda", call.account, call.region)
        client.invoke(FunctionName=call.function, InvocationType="Event", Payload=call.payload, **named)
