"""`POST /_ingle/reset?account=...`: empty an account."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from ingle.edge.asgi import Send, respond
from ingle.edge.identity import Defaults
from ingle.model.errors import IngleError
from ingle.wire.message import Request

_JSON = {"content-type": "application/json"}
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
# A page in a browser can make it post, but not with a header of its own.
CONFIRMATION = "x-ingle-confirm"


class Reset:
    """The route; `reset` does the work for an account."""

    def __init__(self, reset: Callable[[str], Awaitable[None]], defaults: Defaults) -> None:
        self._reset = reset
        self._defaults = defaults

    async def __call__(self, request: Request, send: Send) -> None:
        account = parse_qs(request.query).get("account", [self._defaults.account])[0]
        if request.method != "POST" or request.headers.get(CONFIRMATION) != "reset":
            await _answer(send, 400, f"a reset is a POST with the header {CONFIRMATION}: reset")
        elif not _ACCOUNT.fullmatch(account):
            await _answer(send, 400, "an account has 12 digits")
        else:
            try:
                await self._reset(account)
            except IngleError as error:
                await _answer(send, error.status, error.message)
            else:
                await _answer(send, 200, f"account {account} is empty")


async def _answer(send: Send, status: int, message: str) -> None:
    await respond(send, status, _JSON, json.dumps({"message": message}).encode())
