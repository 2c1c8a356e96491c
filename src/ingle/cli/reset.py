"""`ingle reset`: a running Ingle forgets all that an account has."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

import click

_PATIENCE = 300.0  # seconds


def reset(endpoint: str, account: str) -> str:
    """Have the account emptied; what Ingle says. Raises ClickException."""
    query = urllib.parse.urlencode({"account": account})
    request = urllib.request.Request(
        f"{endpoint.rstrip('/')}/_ingle/reset?{query}", method="POST", headers={"x-ingle-confirm": "reset"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            return str(json.load(answer)["message"])
    except urllib.error.HTTPError as error:
        raise click.ClickException(error.read().decode(errors="replace")) from error
    except (urllib.error.URLError, TimeoutError) as error:
        raise click.ClickException(
            f"Ingle does not answer at {endpoint}: {error}. Is `ingle up` running?"
        ) from error
