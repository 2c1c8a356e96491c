"""Whose a request is: the service's name in the signature, the JSON target, the host name, or the path.

A signature says it best. Where there is none (a browser, curl, a queue's URL in a form), the request's own
marks do, in the order of how sure they are.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from ingle.edge.identity import Caller
from ingle.wire.message import Request

# `sqs.us-east-1.localhost:4566`, `sqs.us-east-1.amazonaws.com`, `queue.amazonaws.com`.
_HOST = re.compile(
    r"(?P<service>[a-z0-9-]+)\.(?:[a-z0-9-]+\.)*(?:localhost|amazonaws\.com(?:\.cn)?)(?::\d+)?"
)
_HOST_NAMES = {"queue": "sqs"}
_HOST_REGION = re.compile(r"[a-z0-9-]+\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.")
_TARGETS = {"AmazonSQS": "sqs"}
# A queue's URL: an account and a name.
_QUEUE = re.compile(r"/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?/?")
_LAMBDA = "lambda"


def service_of(request: Request, caller: Caller) -> str:
    """The name of the service that `request` is for, as signatures have it; Lambda's where nothing says."""
    if caller.service is not None:
        return caller.service
    target, dot, _ = request.headers.get("x-amz-target", "").partition(".")
    if dot and target in _TARGETS:
        return _TARGETS[target]
    host = _HOST.fullmatch(request.headers.get("host", ""))
    if host is not None:
        return _HOST_NAMES.get(host["service"], host["service"])
    if _QUEUE.fullmatch(request.path) and _asks_for_queue(request):
        return "sqs"
    return _LAMBDA


def region_of(request: Request, caller: Caller) -> str:
    """The region that `request` is for: the signature's, else the host name's, else the default."""
    host = _HOST_REGION.match(request.headers.get("host", ""))
    return host["region"] if caller.service is None and host is not None else caller.region


def _asks_for_queue(request: Request) -> bool:
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return request.method == "GET" or form or "Action" in parse_qs(request.query)
