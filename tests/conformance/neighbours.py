"""What tests of neighbouring services share: clients for any service, and the library's process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from tests.conformance.node import REGION, Node, children


def neighbour(node: Node, service: str, account: str = "test", region: str = REGION, **settings: Any) -> Any:
    """Unmodified boto3 for `service`; `settings` are botocore's `Config`'s."""
    return boto3.client(
        service,
        endpoint_url=node.endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(**{"retries": {"total_max_attempts": 1}, "read_timeout": 60, **settings}),
    )


def library_process(node: Node) -> int | None:
    """The pid of the process in which the library runs, if it does."""
    for pid in children(node.pid):
        if b"ingle.services.library.host" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    return None
