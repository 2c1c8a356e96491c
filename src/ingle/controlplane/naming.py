"""How callers name functions, versions and aliases, as every resource of a function reads it.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html (FunctionName, Qualifier)
"""

from __future__ import annotations

from ingle.controlplane.handlers import RequestContext, require_own_account
from ingle.model.errors import InvalidParameterValue
from ingle.model.names import LATEST, FunctionReference, parse_function_name, unqualified


def own_function(
    context: RequestContext, name: str, action: str, qualifier: str | None = None
) -> FunctionReference:
    """The function that a request's FunctionName and Qualifier name. Raises CallerError."""
    reference = parse_function_name(name, context.account, context.region, qualifier)
    require_own_account(context, reference.key, action)
    return reference


def own_whole_function(
    context: RequestContext, name: str, action: str, *, latest_too: bool = False
) -> FunctionReference:
    """As `own_function`, for what is of a function and not of a version; the answer has no qualifier.

    latest_too: `$LATEST` may be named, because that is what the operation works on.
    """
    reference = own_function(context, name, action)
    if reference.qualifier is not None and not (latest_too and reference.qualifier == LATEST):
        raise InvalidParameterValue(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support "
            "this operation. Please specify either a function name or an unqualified function ARN."
        )
    return unqualified(reference)
