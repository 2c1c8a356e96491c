"""The long tail of services, by unmodified boto3 and AWS CLI, and functions that use it."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.cli import AWS
from tests.conformance.functions import create, deploy, fresh_name, invoke, wait_active, wait_updated, zipped
from tests.conformance.neighbours import library_process, neighbour
from tests.conformance.node import ACCOUNT, Node, environment

ROLE_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of this module's own: its library's process may be killed."""
    node = Node(tmp_path_factory.mktemp("neighbours") / "data", log_level="error")
    try:
        yield node
    finally:
        status = node.terminate()
    assert status == 0, node.stderr.read_text()


@pytest.fixture(scope="module")
def s3(bare: Node) -> Any:
    return neighbour(bare, "s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = fresh_name("bucket")
    s3.create_bucket(Bucket=name)
    return name


def _table(client: Any) -> object:
    name = fresh_name("table")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    client.put_item(TableName=name, Item={"id": {"S": "hello"}})
    return client.get_item(TableName=name, Key={"id": {"S": "hello"}})["Item"]["id"]["S"]


def _secret(client: Any) -> object:
    name = fresh_name("secret")
    client.create_secret(Name=name, SecretString="hello")
    return client.get_secret_value(SecretId=name)["SecretString"]


def _parameter(client: Any) -> object:
    name = fresh_name("/parameter")
    client.put_parameter(Name=name, Value="hello", Type="SecureString")
    return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


def _cipher(client: Any) -> object:
    key = client.create_key()["KeyMetadata"]["KeyId"]
    blob = client.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    return client.decrypt(CiphertextBlob=blob)["Plaintext"].decode()


def _stream(client: Any) -> object:
    name = fresh_name("stream")
    client.create_stream(StreamName=name, ShardCount=1)
    client.put_record(StreamName=name, Data=b"hello", PartitionKey="k")
    iterator = client.get_shard_iterator(
        StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return client.get_records(ShardIterator=iterator)["Records"][0]["Data"].decode()


def _role(client: Any) -> object:
    client.create_role(RoleName="hello", AssumeRolePolicyDocument=ROLE_POLICY)
    return client.get_role(RoleName="hello")["Role"]["RoleName"]


def _topic(client: Any) -> object:
    return client.create_topic(Name="hello")["TopicArn"].rpartition(":")[2]


def _rule(client: Any) -> object:
    client.put_rule(Name="hello", ScheduleExpression="rate(5 minutes)")
    return client.describe_rule(Name="hello")["Name"]


def _pool(client: Any) -> object:
    return client.create_user_pool(PoolName="hello")["UserPool"]["Name"]


def _repository(client: Any) -> object:
    return client.create_repository(repositoryName="hello")["repository"]["repositoryName"]


def _machine(client: Any) -> object:
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    arn = client.create_state_machine(
        name="hello", definition=definition, roleArn="arn:aws:iam::000000000000:role/hello"
    )["stateMachineArn"]
    return client.describe_state_machine(stateMachineArn=arn)["name"]


def _rest_api(client: Any) -> object:
    return client.get_rest_api(restApiId=client.create_rest_api(name="hello")["id"])["name"]


def _http_api(client: Any) -> object:
    return client.create_api(Name="hello", ProtocolType="HTTP")["Name"]


def _metric(client: Any) -> object:
    client.put_metric_data(Namespace="n", MetricData=[{"MetricName": "hello", "Value": 1}])
    return client.list_metrics(Namespace="n")["Metrics"][0]["MetricName"]


def _schedule(client: Any) -> object:
    client.create_schedule(
        Name="hello",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
            "RoleArn": "arn:aws:iam::0:role/r",
        },
    )
    return client.get_schedule(Name="hello")["Name"]


def _identity(client: Any) -> object:
    client.verify_email_identity(EmailAddress="hello@example.com")
    return client.list_identities()["Identities"][0].partition("@")[0]


HELLOS = [
    ("dynamodb", _table),
    ("secretsmanager", _secret),
    ("ssm", _parameter),
    ("kms", _cipher),
    ("kinesis", _stream),
    ("iam", _role),
    ("sns", _topic),
    ("events", _rule),
    ("cognito-idp", _pool),
    ("ecr", _repository),
    ("stepfunctions", _machine),
    ("apigateway", _rest_api),
    ("apigatewayv2", _http_api),
    ("cloudwatch", _metric),
    ("scheduler", _schedule),
    ("ses", _identity),
]


@pytest.mark.parametrize(("service", "hello"), HELLOS)
def test_a_service_says_hello(bare: Node, service: str, hello: Any) -> None:
    assert hello(neighbour(bare, service)) == "hello"


def test_nothing_of_it_runs_before_the_first_call(tmp_path: Path) -> None:
    node = Node(tmp_path / "data")
    try:
        deploy(node.client(), "def handler(event, context):\n    return 1\n")
        assert library_process(node) is None
    finally:
        assert node.terminate() == 0


@pytest.mark.parametrize(
    "key", ["a/b", "a%2Fb", "a b", "ü/ß", "a+b", "a//b", "a?b=c", "./../a", "%", "x" * 1000, "_ingle"]
)
def test_an_object_is_found_under_the_very_key_that_it_was_put_under(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_metadata_keeps_its_names(s3: Any, bucket: str) -> None:
    metadata = {"with-dash": "1", "with_underscore": "2", "plain": "3"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_an_object_larger_than_any_request_to_lambda_goes_through(s3: Any, bucket: str) -> None:
    body = b"0123456789abcdef" * (80 * 1024 * 1024 // 16)
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    assert s3.get_object(Bucket=bucket, Key="large", Range="bytes=83886070-")["Body"].read() == body[-10:]
    assert len(s3.get_object(Bucket=bucket, Key="large")["Body"].read()) == len(body)


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_a_presigned_url_works_for_who_has_nothing_else(bare: Node, bucket: str, signature: str) -> None:
    s3 = neighbour(bare, "s3", signature_version=signature)
    s3.put_object(Bucket=bucket, Key="a/b c", Body=b"content")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a/b c"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"content"


def test_a_bucket_has_a_host_name_of_its_own(bare: Node, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content", ACL="public-read")
    port = bare.endpoint.rpartition(":")[2]
    request = urllib.request.Request(f"{bare.endpoint}/k", headers={"Host": f"{bucket}.s3.localhost:{port}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.read() == b"content"


def test_accounts_do_not_see_each_other(bare: Node) -> None:
    one, other = (neighbour(bare, "dynamodb", account) for account in ("111111111111", "222222222222"))
    _table(one)
    assert one.list_tables()["TableNames"] != []
    assert other.list_tables()["TableNames"] == []
    assert neighbour(bare, "sts", "111111111111").get_caller_identity()["Account"] == "111111111111"
    assert neighbour(bare, "sts").get_caller_identity()["Account"] == ACCOUNT


def test_an_account_is_not_taken_for_another_because_a_header_says_so(bare: Node) -> None:
    sts = neighbour(bare, "sts", "111111111111")

    def forge(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = "222222222222"
        request.headers["x-ingle-access-key"] = "222222222222"

    sts.meta.events.register("before-send.sts", forge)
    assert sts.get_caller_identity()["Account"] == "111111111111"


@pytest.mark.parametrize(
    "path", ["/moto-api/data.json", "/moto-api/reset", "/latest/meta-data/iam/security-credentials/"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_librarys_own_doors_are_closed(bare: Node, path: str, method: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(
            urllib.request.Request(
                bare.endpoint + path, method=method, data=b"" if method == "POST" else None
            ),
            timeout=10,
        )
    assert refused.value.code in (404, 501)


def test_an_upload_that_is_cut_off_leaves_no_object(bare: Node, s3: Any, bucket: str) -> None:
    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "half"})
    target = url[len(bare.endpoint) :]
    host, _, port = bare.endpoint.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"PUT {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf".encode())
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_stacks_are_refused_and_not_pretended(bare: Node) -> None:
    with pytest.raises(ClientError, match="Ingle does not have stacks yet"):
        neighbour(bare, "cloudformation").list_stacks()


def test_the_command_line_copies_files(bare: Node, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("hello")
    settings = environment(
        AWS_ENDPOINT_URL=bare.endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
        HOME=str(tmp_path),
    )
    for arguments in (
        ["s3", "cp", "hello.txt", f"s3://{bucket}/there.txt"],
        ["s3", "cp", f"s3://{bucket}/there.txt", "back.txt"],
    ):
        done = subprocess.run(
            [AWS, *arguments], cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "back.txt").read_text() == "hello"


USES_NEIGHBOURS = """
import boto3

def handler(event, context):
    s3, table = boto3.client("s3"), boto3.client("dynamodb")
    s3.put_object(Bucket=event["bucket"], Key="from-a-function", Body=b"hello")
    table.put_item(TableName=event["table"], Item={"id": {"S": "from-a-function"}})
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=event["secret"])["SecretString"]
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=secret)
    return secret
"""


def test_a_function_uses_its_neighbours_with_no_configuration(bare: Node, s3: Any, bucket: str) -> None:
    dynamodb, sqs = neighbour(bare, "dynamodb"), neighbour(bare, "sqs")
    table, secret, queue = fresh_name("table"), fresh_name("secret"), fresh_name("queue")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    neighbour(bare, "secretsmanager").create_secret(Name=secret, SecretString="whisper")
    queue_url = sqs.create_queue(QueueName=queue)["QueueUrl"]
    name = deploy(bare.client(), USES_NEIGHBOURS, Timeout=30)
    event = {"bucket": bucket, "table": table, "secret": secret, "queue": queue_url}
    answer = invoke(bare.client(), name, event)
    assert (answer.error, answer.value) == (None, "whisper")
    assert s3.get_object(Bucket=bucket, Key="from-a-function")["Body"].read() == b"hello"
    assert "Item" in dynamodb.get_item(TableName=table, Key={"id": {"S": "from-a-function"}})
    assert sqs.receive_message(QueueUrl=queue_url)["Messages"][0]["Body"] == "whisper"


def test_a_topic_delivers_to_a_queue_of_ingles(bare: Node) -> None:
    sns, sqs = neighbour(bare, "sns"), neighbour(bare, "sqs")
    queue = sqs.create_queue(QueueName=fresh_name("subscriber"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=fresh_name("topic"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    published = sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    body = json.loads(message["Body"])
    assert (body["Message"], body["MessageId"], body["TopicArn"]) == ("hello", published, topic)


def test_a_buckets_notifications_reach_a_queue_of_ingles(bare: Node, s3: Any, bucket: str) -> None:
    sqs = neighbour(bare, "sqs")
    queue = sqs.create_queue(QueueName=fresh_name("notified"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_object(Bucket=bucket, Key="new", Body=b"")
    bodies: list[dict[str, Any]] = []
    while len(bodies) < 2:
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=10)["Messages"]
        bodies += [json.loads(one["Body"]) for one in messages]
    assert {"s3:TestEvent"} == {one.get("Event") for one in bodies if "Event" in one}
    (records,) = [one["Records"] for one in bodies if "Records" in one]
    assert records[0]["s3"]["object"]["key"] == "new"


def test_a_functions_code_comes_from_a_bucket(bare: Node, s3: Any, bucket: str) -> None:
    client = bare.client()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(
            Bucket=bucket, Key="app v.zip", Body=zipped(f"def handler(event, context):\n    return {n}\n")
        )["VersionId"]
        for n in (1, 2)
    ]
    name = fresh_name()
    client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="app.handler",
        Code={"S3Bucket": bucket, "S3Key": "app v.zip"},
    )
    wait_active(client, name)
    assert invoke(client, name).value == 2
    client.update_function_code(
        FunctionName=name, S3Bucket=bucket, S3Key="app v.zip", S3ObjectVersion=versions[0]
    )
    wait_updated(client, name)
    assert invoke(client, name).value == 1


@pytest.mark.parametrize(
    ("missing", "code", "text"),
    [
        ("bucket", "NoSuchBucket", "The specified bucket does not exist"),
        ("key", "NoSuchKey", "The specified key does not exist."),
    ],
)
def test_code_that_is_not_in_its_bucket_is_refused(
    bare: Node, bucket: str, missing: str, code: str, text: str
) -> None:
    client = bare.client()
    name = fresh_name()
    where = {"S3Bucket": fresh_name("bucket") if missing == "bucket" else bucket, "S3Key": "k"}
    with pytest.raises(ClientError) as refused:
        client.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/r",
            Handler="app.handler",
            Code=where,
        )
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"] == (
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {text}"
    )
    create(client, name, zipped("def handler(event, context):\n    return 1\n"))  # the name is free


def test_a_layers_content_comes_from_a_bucket(bare: Node, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="layer.zip", Body=zipped("x = 1\n"))
    answer = bare.client().publish_layer_version(
        LayerName=fresh_name("layer"), Content={"S3Bucket": bucket, "S3Key": "layer.zip"}
    )
    assert answer["Content"]["CodeSize"] == len(zipped("x = 1\n"))
