"""`ingle reset` and `--service`: an account emptied, a service elsewhere."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.functions import create, wait_active, zipped
from tests.conformance.neighbours import neighbour
from tests.conformance.node import INGLE, Node, environment

ACCOUNT, OTHER = "444444444444", "555555555555"
SOURCE = "def handler(event, context):\n    return 1\n"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of this module's own, to be emptied."""
    node = Node(tmp_path_factory.mktemp("reset") / "data")
    try:
        yield node
    finally:
        status = node.terminate()
    assert status == 0, node.stderr.read_text()


def _fill(node: Node, account: str, region: str) -> None:
    functions = neighbour(node, "lambda", account, region)
    create(functions, "f", zipped(SOURCE))
    wait_active(functions, "f")
    queues = neighbour(node, "sqs", account, region)
    url = queues.create_queue(QueueName="q")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="m")
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions.create_event_source_mapping(FunctionName="f", EventSourceArn=arn)
    functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped(SOURCE)})
    neighbour(node, "logs", account, region).create_log_group(logGroupName="g")
    s3 = neighbour(node, "s3", account, region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=f"{account}-{region}", **place)
    s3.put_object(Bucket=f"{account}-{region}", Key="k", Body=b"x")


def _held(node: Node, account: str, region: str) -> dict[str, int]:
    functions = neighbour(node, "lambda", account, region)
    return {
        "functions": len(functions.list_functions()["Functions"]),
        "layers": len(functions.list_layers()["Layers"]),
        "queues": len(neighbour(node, "sqs", account, region).list_queues().get("QueueUrls", [])),
        "groups": len(neighbour(node, "logs", account, region).describe_log_groups()["logGroups"]),
        "buckets": len(neighbour(node, "s3", account, region).list_buckets()["Buckets"]),
    }


def test_a_reset_empties_an_account_in_every_region_and_no_other_account(bare: Node) -> None:
    for account, region in ((ACCOUNT, "us-east-1"), (ACCOUNT, "eu-west-1"), (OTHER, "us-east-1")):
        _fill(bare, account, region)
    before = _held(bare, OTHER, "us-east-1")
    assert all(before.values())
    done = subprocess.run(
        [INGLE, "reset", "--yes", "--account", ACCOUNT, "--endpoint-url", bare.endpoint],
        env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, f"account {ACCOUNT} is empty"), done.stderr
    assert set(_held(bare, ACCOUNT, "us-east-1").values()) == {0}
    assert set(_held(bare, ACCOUNT, "eu-west-1").values()) == {0}
    assert _held(bare, OTHER, "us-east-1") == before
    _fill(bare, ACCOUNT, "us-east-1")  # nothing of it is in the way


@pytest.mark.parametrize(("method", "headers"), [("GET", {"x-ingle-confirm": "reset"}), ("POST", {})])
def test_a_browser_cannot_be_made_to_reset(bare: Node, method: str, headers: dict[str, str]) -> None:
    request = urllib.request.Request(f"{bare.endpoint}/_ingle/reset", method=method, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 400


def test_a_service_is_elsewhere_with_ingles_own_uses_of_it(bare: Node, tmp_path: Path) -> None:
    """The endpoint of the user's is another Ingle; the account there is the one of the credentials given."""
    endpoint = bare.endpoint.replace("http://", "http://666666666666:secret@")
    node = Node(tmp_path / "data", "--service", f"s3={endpoint}", "--service", f"ssm={endpoint}")
    try:
        s3 = neighbour(node, "s3")
        s3.create_bucket(Bucket="elsewhere")
        s3.put_object(Bucket="elsewhere", Key="a b/ü%2F", Body=zipped(SOURCE))
        there = neighbour(bare, "s3", "666666666666").get_object(Bucket="elsewhere", Key="a b/ü%2F")
        assert there["Body"].read() == zipped(SOURCE)
        neighbour(node, "ssm").put_parameter(Name="n", Value="v", Type="String")
        assert neighbour(bare, "ssm", "666666666666").get_parameter(Name="n")["Parameter"]["Value"] == "v"
        functions = node.client()
        functions.create_function(
            FunctionName="f", Runtime="python3.11", Handler="app.handler",
            Role="arn:aws:iam::000000000000:role/r", Code={"S3Bucket": "elsewhere", "S3Key": "a b/ü%2F"},
        )  # fmt: skip
        wait_active(functions, "f")
    finally:
        assert node.terminate() == 0
