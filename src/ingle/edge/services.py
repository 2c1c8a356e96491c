"""Whose a request is: the service's name in the signature, the JSON target, the host name, or the path.

A signature says it best. Where there is none (a browser, curl, a queue's URL in a form, an anonymous read of
an object), the request's own marks do, in the order of how sure they are.
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
# A bucket's own host name, `bucket.s3.localhost`, `bucket.s3.eu-west-1.amazonaws.com`: buckets may have dots.
_BUCKET_HOST = re.compile(
    r"(?:[a-z0-9][a-z0-9.-]*\.)?s3(?:-website)?(?:[.-][a-z0-9-]+)?\.(?:localhost|amazonaws\.com)(?::\d+)?"
)
_HOST_NAMES = {"queue": "sqs", "email": "ses"}
_HOST_REGION = re.compile(r"(?:[a-z0-9.-]+\.)?[a-z0-9-]+\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.")
# Operations that clients call without credentials, before they have any.
_TARGETS = {
    "AmazonSQS": "sqs",
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
}
# A queue's URL: an account and a name.
_QUEUE = re.compile(r"/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?/?")
# Lambda's paths begin with the date of a version of its API, which no bucket's name looks like.
_DATED = re.compile(r"/\d{4}-\d{2}-\d{2}(?:/|$)")
_BUCKET_PATH = re.compile(r"/[a-z0-9][a-z0-9.-]{2,62}(?:/.*)?", re.DOTALL)
_KEYS_OF_A_POOL = re.compile(r"/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/(?:jwks\.json|openid-configuration)")
# Presigned in the older way, which boto3 still takes in the regions that S3 had before 2014.
_SIGNED_V2 = ("AWSAccessKeyId", "Signature", "Expires")
_LAMBDA = "lambda"


def service_of(request: Request, caller: Caller) -> str:
    """The name of the service that `request` is for, as signatures have it; Lambda's where nothing says."""
    if caller.service is not None:
        return caller.service
    target, dot, _ = request.headers.get("x-amz-target", "").partition(".")
    if dot and target in _TARGETS:
        return _TARGETS[target]
    host_name = request.headers.get("host", "")
    if _BUCKET_HOST.fullmatch(host_name):
        return "s3"
    host = _HOST.fullmatch(host_name)
    if host is not None:
        return _HOST_NAMES.get(host["service"], host["service"])
    return _by_path(request)


def region_of(request: Request, caller: Caller) -> str:
    """The region that `request` is for: the signature's, else the host name's, else the default."""
    host = _HOST_REGION.match(request.headers.get("host", ""))
    return host["region"] if caller.service is None and host is not None else caller.region


def _by_path(request: Request) -> str:
    if _QUEUE.fullmatch(request.path) and _asks_for_queue(request):
        return "sqs"
    if _KEYS_OF_A_POOL.fullmatch(request.path):
        return "cognito-idp"
    fields = parse_qs(request.query)
    if all(name in fields for name in _SIGNED_V2) or request.headers.get("authorization", "")[:4] == "AWS ":
        return "s3"
    if _BUCKET_PATH.fullmatch(request.path) and not _DATED.match(request.path):
        return "s3"
    return _LAMBDA


def _asks_for_queue(request: Request) -> bool:
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return request.method == "GET" or form or "Action" in parse_qs(request.query)
