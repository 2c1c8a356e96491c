"""AWS protocols, SigV4 and error rendering, driven by botocore's service model; sans-I/O.

`Service.load("lambda")` is the entrance: it finds a `Request`'s `Operation`, which parses and validates
it and serializes the result to a `Response`; `Service.render` writes errors. Beside it: `credential_scope`
and `account_of` (who asks), `verify` (is the signature right), `require_json` (an invocation's payload),
`encode_exception` (an error in the midst of an event stream).
"""

from ingle.wire.eventstream import encode_exception
from ingle.wire.message import Request, Response
from ingle.wire.payload import require_json
from ingle.wire.service import Operation, Service
from ingle.wire.signature import verify
from ingle.wire.sigv4 import CredentialScope, account_of, credential_scope

__all__ = [
    "CredentialScope",
    "Operation",
    "Request",
    "Response",
    "Service",
    "account_of",
    "credential_scope",
    "encode_exception",
    "require_json",
    "verify",
]
