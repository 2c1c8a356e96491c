"""What all batch operations have in common: the rules for their entries, and an answer for each.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ingle.model.errors import CallerError
from ingle.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)
from ingle.wire.protocol import query_code
from ingle.wire.sqsservice import DEPARTURES

_ENTRIES = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def check_entries(entries: Sequence[Any], operation: str) -> None:
    """Check the number of entries and their ids.

    Raises EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct.
    """
    if not entries:
        raise EmptyBatchRequest(f"{operation}RequestEntry")
    if len(entries) > _ENTRIES:
        raise TooManyEntriesInBatchRequest(_ENTRIES, len(entries))
    seen = set()
    for entry in entries:
        if not _ID.fullmatch(entry["Id"]):
            raise InvalidBatchEntryId
        if entry["Id"] in seen:
            raise BatchEntryIdsNotDistinct(entry["Id"])
        seen.add(entry["Id"])


def failure(id: str, error: CallerError) -> dict[str, Any]:
    """The answer for an entry that failed alone."""
    code = query_code(error, None, DEPARTURES.query_codes)
    return {"Id": id, "SenderFault": True, "Code": code, "Message": error.message}


def answer(successful: list[Any], failed: list[Any]) -> dict[str, Any]:
    """AWS leaves out the list that is empty."""
    found = {"Successful": successful, "Failed": failed}
    return {name: entries for name, entries in found.items() if entries}
