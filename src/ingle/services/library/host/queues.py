"""moto's SQS is Ingle's: a service inside moto that sends to a queue sends to Ingle's."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.core.base_backend import BaseBackend
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends

from ingle.services.library.host.ingle import Ingle


def install(ingle: Ingle) -> None:
    """Have every caller inside moto find Ingle where it looks for SQS."""

    class IngleSqs(Queues):
        def __init__(self, region_name: str, account_id: str) -> None:
            super().__init__(ingle, region_name, account_id)

    backends: Any = sqs_backends
    backends.backend = IngleSqs
    backends.clear()


class Queue:
    """A queue as moto's services look at it."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self.fifo_queue = name.endswith(".fifo")


class Queues(BaseBackend):
    """The queues of one account in one region, with the names that moto's services call."""

    def __init__(self, ingle: Ingle, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._ingle = ingle

    def get_queue(self, queue_name: str) -> Queue:
        """Raises QueueDoesNotExist."""
        try:
            answer = self._client().get_queue_url(QueueName=queue_name)
        except (BotoCoreError, ClientError) as error:
            raise QueueDoesNotExist from error
        return Queue(queue_name, answer["QueueUrl"])

    def get_queue_attributes(self, queue_name: str, attribute_names: list[str]) -> dict[str, str]:
        """Raises QueueDoesNotExist."""
        url = self.get_queue(queue_name).url
        answer = self._client().get_queue_attributes(QueueUrl=url, AttributeNames=attribute_names)
        return dict(answer.get("Attributes", {}))

    def send_message(
        self,
        queue_name: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        delay_seconds: int | None = None,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        system_attributes: dict[str, Any] | None = None,
        validate_group_id: bool = True,
    ) -> None:
        """The message is durable when this returns. Raises QueueDoesNotExist, and ClientError for a message
        that SQS refuses."""
        further = {
            "MessageAttributes": _attributes(message_attributes or {}),
            "MessageSystemAttributes": _attributes(system_attributes or {}),
            "DelaySeconds": delay_seconds,
            "MessageDeduplicationId": deduplication_id,
            "MessageGroupId": group_id,
        }
        given = {name: value for name, value in further.items() if value}
        url = self.get_queue(queue_name).url
        self._client().send_message(QueueUrl=url, MessageBody=message_body, **given)

    def _client(self) -> Any:
        return self._ingle.client("sqs", self.account_id, self.region_name)


def _attributes(given: dict[str, Any]) -> dict[str, Any]:
    """moto's callers write a member in lower case here and in AWS's there."""
    names = {"data_type": "DataType", "string_value": "StringValue", "binary_value": "BinaryValue"}
    return {
        name: {names.get(member, member): value for member, value in one.items() if value is not None}
        for name, one in given.items()
    }
