"""moto's Lambda is Ingle's: whatever a service inside moto asks of Lambda is asked of Ingle's API.

Event source mappings are no matter of moto's here: Ingle polls streams and queues through their public APIs.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.base_backend import BaseBackend

from ingle.services.library.host.ingle import Call, Ingle


def install(ingle: Ingle) -> None:
    """Have every caller inside moto find Ingle where it looks for Lambda."""

    class IngleLambda(Functions):
        def __init__(self, region_name: str, account_id: str) -> None:
            super().__init__(ingle, region_name, account_id)

    backends: Any = lambda_backends
    backends.backend = IngleLambda
    backends.clear()


class Function:
    """A function as moto's services see it: something to invoke."""

    def __init__(self, functions: Functions, arn: str) -> None:
        self._functions = functions
        self.function_arn = arn

    def invoke(self, body: str, headers: Any, response_headers: Any) -> bytes:
        """Enqueue an event; there is no result to wait for."""
        self._functions.invoke(self.function_arn, None, body, headers, response_headers)
        return b""


class Functions(BaseBackend):
    """The functions of one account in one region, with the names that moto's services call."""

    def __init__(self, ingle: Ingle, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._ingle = ingle

    def get_function(self, function_name_or_arn: str, qualifier: str | None = None) -> Function:
        """Raises UnknownFunctionException where Ingle has no such function."""
        named = {"Qualifier": qualifier} if qualifier else {}
        client = self._ingle.client("lambda", self.account_id, self.region_name)
        try:
            found = client.get_function_configuration(FunctionName=function_name_or_arn, **named)
        except (BotoCoreError, ClientError) as error:
            raise UnknownFunctionException(function_name_or_arn) from error
        return Function(self, found["FunctionArn"])

    def invoke(
        self, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        """Enqueue an event of an asynchronous invocation."""
        payload = body if isinstance(body, bytes) else str(body or "").encode()
        self._ingle.invoke_later(Call(self.account_id, self.region_name, function_name, qualifier, payload))
        return b""

    def send_sns_message(
        self, function_name: str, message: str, subject: str | None = None, qualifier: str | None = None
    ) -> None:
        """The event of an SNS notification, as far as moto says what was published.

        https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
        """
        sns: dict[str, Any] = {
            "Type": "Notification",
            "Subject": subject,
            "Message": message,
            "MessageAttributes": {},
        }
        record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}
        self.invoke(function_name, qualifier, json.dumps({"Records": [record]}), {}, {})

    def send_log_event(self, *_: Any, **__: Any) -> None:
        """Logs are Ingle's own, and so are their subscriptions: moto has none to deliver."""
        raise UnknownFunctionException("logs")
