"""Request and trace identifiers, as AWS writes them.

They name things and guard nothing, so a fast generator seeded by the system serves.
"""

from __future__ import annotations

import re
import time
from random import Random

_bits = Random().getrandbits

# https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
TRACE_HEADER = re.compile(r"[A-Za-z0-9=;:.\-_ ]{1,256}")


def new_request_id() -> str:
    """A UUID of version 4, in its text form."""
    digits = f"{_bits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_trace_header() -> str:
    """A tracing header for a request that came without one: not sampled."""
    return f"Root=1-{int(time.time()):08x}-{_bits(96):024x};Parent={_bits(64):016x};Sampled=0"
