"""From a function's configuration to what a worker needs: the last place where API objects are seen."""

from __future__ import annotations

from ingle.model.function import ResolvedFunction
from ingle.worker.spec import EnvironmentSpec


def specify(function: ResolvedFunction) -> EnvironmentSpec:
    """The specification of the environments that may serve `function`.

    Its key is the function's generation, so that no environment outlives the code, configuration or version
    that it was made for.
    """
    configuration = function.configuration
    logging = configuration.logging_config
    environment = configuration.environment
    runtime_version = configuration.runtime_version_config
    return EnvironmentSpec(
        key=function.generation,
        account=function.key.account,
        region=function.key.region,
        function_name=function.key.name,
        version=function.version,
        runtime=configuration.runtime or "",
        handler=configuration.handler or "",
        memory_mb=configuration.memory_size,
        tmp_mb=configuration.ephemeral_storage.size,
        timeout=configuration.timeout,
        code=function.code_directory,
        layers=function.layers_directory,
        runtime_version_arn=(runtime_version and runtime_version.runtime_version_arn) or "",
        log_group=(logging and logging.log_group) or f"/aws/lambda/{function.key.name}",
        variables=(environment and environment.variables) or {},
        log_format=(logging and logging.log_format) or "Text",
        application_log_level=logging.application_log_level if logging else None,
        system_log_level=logging.system_log_level if logging else None,
        architecture=configuration.architectures[0],
    )
