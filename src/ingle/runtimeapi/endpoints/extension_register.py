"""POST /2020-01-01/extension/register: an extension makes itself known, and says which events it wants.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-api-reg
"""

from __future__ import annotations

import json

from ingle.runtimeapi.api import EnvironmentApi
from ingle.runtimeapi.message import ApiError, Call, Receiver, Whole, answer_json, bad_json

_MAX_BODY = 65_536  # bytes; AWS's own limit is not documented


def begin(api: EnvironmentApi, call: Call) -> Receiver:
    name = call.headers.get("lambda-extension-name", "")
    if not name:
        raise ApiError(403, "Extension.InvalidExtensionName", "Empty extension name")

    def received(body: bytes) -> None:
        extension = api.extensions.register(name, _events(body))
        function = api.function
        document = {
            "functionVersion": function.version,
            "functionName": function.name,
            "handler": function.handler,
        }
        if "accountId" in call.headers.get("lambda-extension-accept-feature", "").split(","):
            document["accountId"] = function.account
        identity = {"Lambda-Extension-Identifier": extension.identifier}
        call.reply(answer_json(200, document, **identity))

    return Whole(_MAX_BODY, received)


def _events(body: bytes) -> frozenset[str]:
    """The events in a registration. Raises ApiError for what is no registration."""
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_json(error) from None
    if not isinstance(wanted, dict):
        raise bad_json(ValueError("the body is not an object"))
    if wanted.get("configurationKeys"):
        raise bad_json(ValueError("configurationKeys are deprecated; use environment variables instead"))
    events = wanted.get("events") or []
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        raise bad_json(ValueError("events is not a list of names"))
    return frozenset(events)
