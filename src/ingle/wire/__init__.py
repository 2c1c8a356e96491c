"""AWS protocols, SigV4 and error rendering, driven by botocore's service model; sans-I/O.

`Service.load("lambda")` is the entrance: it routes a `Request` to an `Operation`, which parses and validates
it and serializes the result to a `Response`; `Service.render` writes errors.
"""

from ingle.wire.message import Request, Response
from ingle.wire.service import Operation, Service

__all__ = ["Operation", "Request", "Response", "Service"]
