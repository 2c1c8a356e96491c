"""What is true of every configuration, however a caller comes to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingle.controlplane import Available, Configurations, Missing
from ingle.model.clock import FakeClock
from ingle.model.errors import CallerError
from ingle.model.function import Code, FunctionConfiguration
from ingle.model.names import FunctionKey
from ingle.model.states import LastUpdateStatus

KEY = FunctionKey("000000000000", "us-east-1", "f")
CODE = Code("0" * 64, 1)
BASE: dict[str, Any] = {
    "FunctionName": "f",
    "Role": "arn:aws:iam::000000000000:role/r",
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "Code": {"ZipFile": b""},
}
FILES = {"Arn": "arn:aws:elasticfilesystem:...", "LocalMountPath": "/mnt/files"}

# Of each member that creations and updates have alike and that has no default of its own: some values.
MEMBERS: dict[str, list[Any]] = {
    "Runtime": ["python3.11", "python3.12", "nodejs22.x", "java21"],
    "Description": ["", "d"],
    "Timeout": [1, 900],
    "MemorySize": [128, 10_240, 10_241],
    "EphemeralStorage": [{"Size": 512}, {"Size": 10_240}, {"Size": 10_241}],
    "Environment": [{"Variables": {}}, {"Variables": {"A": "b"}}, {"Variables": {"AWS_REGION": "x"}}],
    "VpcConfig": [
        {},
        {"SubnetIds": [], "SecurityGroupIds": []},
        {"SubnetIds": ["subnet-1"]},
        {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": True},
    ],
    "FileSystemConfigs": [[], [FILES]],
    "TracingConfig": [{}, {"Mode": "Active"}],
    "SnapStart": [{}, {"ApplyOn": "None"}, {"ApplyOn": "PublishedVersions"}],
    "DeadLetterConfig": [
        {},
        {"TargetArn": ""},
        {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
        {"TargetArn": "arn:aws:s3:::b"},
    ],
    "KMSKeyArn": ["", "arn:aws:kms:us-east-1:000000000000:key/k"],
    "LoggingConfig": [
        {"LogFormat": "JSON"},
        {"LogFormat": "Text"},
        {"SystemLogLevel": "DEBUG"},
        {"LogGroup": "g"},
    ],
    "ImageConfig": [{}, {"Command": ["a"]}],
}
requests = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in MEMBERS.items()}
)
# What tells one life of a function from another, and not what it is.
PASSING = ("RevisionId", "LastModified", "State", "LastUpdate")


class Everything:
    """A catalogue with every runtime."""

    def availability(self, runtime: str) -> Available | Missing:
        return Available()


CONFIGURATIONS = Configurations(FakeClock(), Everything())


def created(request: dict[str, Any]) -> FunctionConfiguration | str:
    """The new configuration, or the refusal's text."""
    whole: Any = BASE | request
    try:
        CONFIGURATIONS.check_new(whole)
        return CONFIGURATIONS.new(KEY, whole, CODE)
    except CallerError as error:
        return error.message


def updated(before: FunctionConfiguration, request: dict[str, Any]) -> FunctionConfiguration | str:
    """The changed configuration, its update over, or the refusal's text."""
    whole: Any = {"FunctionName": "f", **request}
    settled = replace(before, last_update_status=LastUpdateStatus.SUCCESSFUL)
    try:
        CONFIGURATIONS.check_changes(settled, whole)
        return CONFIGURATIONS.changed(KEY, settled, whole)
    except CallerError as error:
        return error.message


def essence(configuration: FunctionConfiguration | str) -> object:
    if isinstance(configuration, str):
        return configuration.replace("updating", "creating")
    return {name: value for name, value in configuration.document().items() if not name.startswith(PASSING)}


@given(requests)
def test_an_update_leads_where_a_creation_leads_or_is_refused_as_it_is(request: dict[str, Any]) -> None:
    plain = created({})
    assert isinstance(plain, FunctionConfiguration)
    assert essence(updated(plain, request)) == essence(created(request))


@given(requests, requests)
def test_the_same_update_twice_changes_nothing_more(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = created(first)
    if isinstance(before, str):
        return
    once = updated(before, second)
    if isinstance(once, FunctionConfiguration):
        assert essence(updated(once, second)) == essence(once)


@given(requests)
def test_an_update_that_names_nothing_changes_nothing(request: dict[str, Any]) -> None:
    before = created(request)
    if isinstance(before, FunctionConfiguration):
        assert essence(updated(before, {})) == essence(before)


@given(requests)
def test_a_configuration_survives_being_stored(request: dict[str, Any]) -> None:
    configuration = created(request)
    if isinstance(configuration, FunctionConfiguration):
        assert FunctionConfiguration.of(configuration.document()) == configuration
