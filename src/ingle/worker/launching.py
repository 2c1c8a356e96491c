"""Which way a runtime is spoken to: decided by what there is to launch, and known nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from ingle.sandbox.api import Executable, Sandbox
from ingle.worker.apihost import ApiHost
from ingle.worker.bootstrap import Bootstrap
from ingle.worker.custom import CustomRuntime
from ingle.worker.framed import FramedRuntime
from ingle.worker.frames import init_frame
from ingle.worker.runtime import Events, Runtime
from ingle.worker.spec import EnvironmentSpec

Program = str | Executable | Bootstrap  # a zygote's name or a bootstrap of Ingle's, or the function's own


def make_runtime(
    events: Events,
    sandbox: Sandbox,
    program: Program,
    spec: EnvironmentSpec,
    variables: Mapping[str, str],
    apis: ApiHost | None,
) -> Runtime:
    """A runtime of `spec` with the environment `variables`, not started yet."""
    if isinstance(program, Bootstrap):
        assert apis is not None, "a custom runtime needs the Runtime API"
        return CustomRuntime(events, sandbox, program, apis)
    init = init_frame(spec.handler, dict(variables), spec.log_format, spec.application_log_level)
    return FramedRuntime(events, sandbox, program, init)
