"""The library's process dies, the node restarts or dies: what it kept is there, and callers may try again."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from botocore.exceptions import ClientError
from tests.conformance.neighbours import library_process, neighbour
from tests.conformance.node import Node, born, wait_until
from tests.conformance.test_neighbours import HELLOS
from tests.faults.conftest import Start


def _put(node: Node, name: str) -> None:
    neighbour(node, "ssm").put_parameter(Name=name, Value="kept", Type="String")


def _kept(node: Node, name: str) -> bool:
    found = neighbour(node, "ssm").get_parameters(Names=[name])["Parameters"]
    return [one["Value"] for one in found] == ["kept"]


def _fill(node: Node) -> None:
    """State of the kinds that need help to be written: keys, locks, files, references between services."""
    _put(node, "name")
    s3 = neighbour(node, "s3")
    s3.create_bucket(Bucket="kept-bucket")
    s3.put_object(Bucket="kept-bucket", Key="k", Body=b"x" * 2_000_000, Metadata={"a_b": "c"})
    neighbour(node, "kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    neighbour(node, "cognito-idp").create_user_pool(PoolName="p")
    neighbour(node, "ecr").create_repository(repositoryName="rr")
    neighbour(node, "sns").create_topic(Name="t")
    neighbour(node, "events").put_rule(Name="r", ScheduleExpression="rate(5 minutes)")


def _check_filled(node: Node) -> None:
    assert _kept(node, "name")
    found = neighbour(node, "s3").get_object(Bucket="kept-bucket", Key="k")
    assert (len(found["Body"].read()), found["Metadata"]) == (2_000_000, {"a_b": "c"})
    kms = neighbour(node, "kms")
    (key,) = [one["KeyId"] for one in kms.list_keys()["Keys"]]
    signed = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")["Signature"]
    assert kms.verify(KeyId=key, Message=b"m", Signature=signed, SigningAlgorithm="RSASSA_PSS_SHA_256")[
        "SignatureValid"
    ]
    assert neighbour(node, "cognito-idp").list_user_pools(MaxResults=1)["UserPools"][0]["Name"] == "p"
    assert neighbour(node, "ecr").describe_repositories()["repositories"][0]["repositoryName"] == "rr"
    assert neighbour(node, "sns").list_topics()["Topics"] != []
    assert neighbour(node, "events").describe_rule(Name="r")["State"] == "ENABLED"


def test_a_clean_restart_keeps_all(start: Start, data: Path) -> None:
    node = start()
    _fill(node)
    for service, hello in HELLOS:
        assert hello(neighbour(node, service, account="333333333333")) == "hello"
    assert node.terminate() == 0
    _check_filled(start())
    assert list((data / "library").glob("*.unreadable-*")) == []


def test_what_the_library_has_survives_a_kill_of_the_node(start: Start) -> None:
    """Its process outlives the node by the moment that it takes to save."""
    node = start()
    _fill(node)
    pid = library_process(node)
    assert pid is not None
    birth = born(pid)
    node.kill()
    _check_filled(start())  # which waited for the other process to let go of the state
    wait_until(lambda: born(pid) != birth, 5, "the orphan is gone")


def test_a_killed_library_comes_back_with_its_last_snapshot(start: Start, data: Path) -> None:
    node = start()
    _put(node, "saved")
    assert node.terminate() == 0
    node = start()
    assert _kept(node, "saved")
    pid = library_process(node)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: library_process(node) not in (None, pid), 20, "another process")
    assert neighbour(node, "ssm", retries={"total_max_attempts": 5}).get_parameter(Name="saved")


def test_a_caller_meanwhile_sees_an_error_that_clients_retry(start: Start) -> None:
    node = start()
    _put(node, "name")
    pid = library_process(node)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that a request is under way when it dies
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(neighbour(node, "ssm").get_parameters, Names=["name"])
        wait_until(asking.running, 5, "a request is under way")
        os.kill(pid, signal.SIGKILL)
        error = asking.exception(timeout=20)
    # One that came to the new process instead is answered.
    assert error is None or (
        isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    )


def test_an_ephemeral_node_keeps_nothing(start: Start, data: Path) -> None:
    node = start("--ephemeral")
    _put(node, "name")
    assert node.terminate() == 0
    assert not data.exists()
    node = start("--ephemeral")
    assert not _kept(node, "name")


def test_a_snapshot_that_cannot_be_read_is_set_aside(start: Start, data: Path) -> None:
    node = start()
    _put(node, "name")
    assert node.terminate() == 0
    snapshot = data / "library" / "library.snapshot"
    snapshot.write_bytes(b'{"format": 0}\nrubbish')
    node = start()
    assert not _kept(node, "name")
    (aside,) = (data / "library").glob("*.unreadable-*")
    assert aside.read_bytes().endswith(b"rubbish")
