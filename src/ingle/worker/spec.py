"""What a worker is told: a complete, resolved specification of an execution environment, no API objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: one vCPU at 1,769 MB.
MB_PER_VCPU = 1_769


@dataclass(frozen=True)
class EnvironmentSpec:
    """One function version as a worker needs it.

    key: what tells environments apart; two invocations share an environment only if their keys are equal.
    runtime: Lambda's identifier. code: the unpacked deployment package. variables: the user's. Memory and
    /tmp in MB, timeout in seconds.
    """

    key: str
    account: str
    region: str
    function_name: str
    version: str
    runtime: str
    handler: str
    memory_mb: int
    tmp_mb: int
    timeout: float
    code: Path
    runtime_version_arn: str
    log_group: str
    variables: Mapping[str, str] = field(default_factory=dict)
    layers: Path | None = None
    log_format: str = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    architecture: str = "x86_64"


@dataclass(frozen=True)
class Access:
    """How a function reaches AWS: the endpoint as it is seen inside, and credentials."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    session_token: str


def environ(
    spec: EnvironmentSpec, access: Access, log_stream: str, runtime_api: str = "127.0.0.1:9001"
) -> dict[str, str]:
    """The environment variables that Lambda sets, and the user's. `runtime_api`: where that is inside.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    AWS_ENDPOINT_URL is Ingle's own: it brings every SDK inside to this machine, and users may override it.
    """
    lambda_own = {
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_ACCESS_KEY_ID": access.access_key_id,
        "AWS_SECRET_ACCESS_KEY": access.secret_access_key,
        "AWS_SESSION_TOKEN": access.session_token,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "_HANDLER": spec.handler,
    }
    if spec.runtime.startswith("provided"):
        del lambda_own["AWS_EXECUTION_ENV"]  # OS-only runtimes do not have it
    if spec.log_format == "JSON":
        lambda_own["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        lambda_own["AWS_LAMBDA_LOG_LEVEL"] = spec.application_log_level or "INFO"
    overridable = {
        "AWS_ENDPOINT_URL": access.endpoint,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": (
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
        ),
    }
    return {**overridable, **spec.variables, **lambda_own}
