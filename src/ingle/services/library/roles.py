"""Whether Lambda may assume a role: asked of whoever IAM is here, as any client would.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode
from xml.etree import ElementTree

from ingle.services import Services
from ingle.wire.message import Request

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):role/(?:.*/)?(?P<name>[^/]+)")
_LAMBDA = "lambda.amazonaws.com"
_ACTIONS = {"sts:assumerole", "sts:*", "*"}
_IAM = "{https://iam.amazonaws.com/doc/2010-05-08/}"
_BOUND = 1024 * 1024  # bytes; a trust policy has 4,096 characters at most


@dataclass(frozen=True)
class _Asker:
    """The role's own account."""

    account: str
    region: str = "us-east-1"

    @property
    def access_key_id(self) -> str:
        return self.account


class Roles:
    """Over whatever serves IAM in `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def assumable(self, arn: str) -> bool:
        """Whether there is such a role and its trust policy lets Lambda assume it."""
        match = _ROLE.fullmatch(arn)
        iam = self._services.streaming("iam")
        if match is None or iam is None:
            return False
        asker = _Asker(match["account"])
        form = urlencode({"Action": "GetRole", "Version": "2010-05-08", "RoleName": match["name"]}).encode()
        credential = f"{asker.account}/20260101/{asker.region}/iam/aws4_request"
        headers = {
            "host": "iam.amazonaws.com",
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(form)),
        }
        answer = await iam.serve("iam", Request("POST", "/", "", headers), _one(form), asker)
        try:
            content = b""
            async for part in answer.body:
                content += part
                if len(content) > _BOUND:
                    return False
        finally:
            answer.close()
        return answer.status == 200 and _trusts_lambda(content)


def _trusts_lambda(content: bytes) -> bool:
    document = ElementTree.fromstring(content).findtext(f".//{_IAM}AssumeRolePolicyDocument") or "{}"
    statements = _list(json.loads(unquote(document)).get("Statement"))
    # Where any statement denies it, nothing else counts.
    effects = {one.get("Effect") for one in statements if _is_about_lambda(one)}
    return effects == {"Allow"}


def _is_about_lambda(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = ["*"] if principal == "*" else _list((principal or {}).get("Service"))
    actions = {str(action).lower() for action in _list(statement.get("Action"))}
    return bool({_LAMBDA, "*"} & set(services)) and bool(actions & _ACTIONS)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
