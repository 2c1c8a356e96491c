"""A tour of Ingle: start it, deploy the function in `greeting/` with boto3, invoke it, read its log and bill.

    make demo               stays until Ctrl-C, to be tried with one's own tools
    DEMO_EXIT=1 make demo   ends after the tour, with status 0 only if every step held

The node listens on DEMO_PORT (4566) and keeps its data in a directory of its own, removed at the end.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3

from ingle.telemetry.billing import bill

EXAMPLE = Path(__file__).parent / "greeting"
INGLE = Path(sys.executable).parent / "ingle"
NAME = "greeting"
MEMORY_MB = 256
STOP_SECONDS = 20
_BILLED = re.compile(r"Billed Duration: (\d+) ms")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ingle-demo-") as directory:
        os.chmod(directory, 0o755)  # the node gives up root and must still reach it
        step("Starting Ingle")
        began = time.monotonic()
        node = subprocess.Popen(
            [INGLE, "up", "--port", os.environ.get("DEMO_PORT", "4566"), "--data-dir", f"{directory}/data"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            endpoint = ready(node)
            show(f"after {(time.monotonic() - began) * 1000:.0f} ms")
            tour(endpoint)
            if os.environ.get("DEMO_EXIT") != "1":
                stay(node, endpoint)
        finally:
            node.terminate()
            node.wait(STOP_SECONDS)
        check(node.returncode == 0, f"Ingle ended with status {node.returncode}")


def ready(node: subprocess.Popen[str]) -> str:
    """The node's endpoint, from the line that it prints when it serves."""
    assert node.stdout is not None
    line = node.stdout.readline().rstrip()
    check("Ingle is ready at " in line, "Ingle did not start")
    show(line)
    return line.split()[4]


def tour(endpoint: str) -> None:
    client = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    step("Creating the function `greeting` with boto3")
    client.create_function(
        FunctionName=NAME,
        Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Role="arn:aws:iam::000000000000:role/lambda-role",
        Handler="app.handler",
        Code={"ZipFile": package()},
        MemorySize=MEMORY_MB,
        Environment={"Variables": {"GREETING": "Hello"}},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    show(client.get_function_configuration(FunctionName=NAME)["FunctionArn"])

    step("Invoking it: a cold start")
    log = invoke(client, {"name": "Ada"}, {"message": "Hello, Ada!", "number": 1})
    check("Init Duration" in log, "the first invocation was not a cold start")

    step("Invoking it again: the same environment")
    log = invoke(client, {"name": "Grace"}, {"message": "Hello, Grace!", "number": 2})
    check("Init Duration" not in log, "the second invocation was a cold start")

    step("Invoking it with an event that it does not expect")
    answer = client.invoke(FunctionName=NAME, Payload=b"{}")
    error = json.load(answer["Payload"])
    show(f"{answer.get('FunctionError')}: {error}")
    check(error.get("errorType") == "KeyError", "the function's error was not reported")

    step("Its whole log: `ingle logs greeting`")
    done = subprocess.run(
        [INGLE, "logs", NAME, "--endpoint-url", endpoint], capture_output=True, text=True, timeout=30
    )
    show(done.stdout)
    check(done.stdout.count("REPORT RequestId: ") == 3, "the log does not tell of three invocations")


def package() -> bytes:
    """The example as a deployment package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(EXAMPLE / "app.py", "app.py")
    return buffer.getvalue()


def invoke(client: Any, event: object, expected: object) -> str:
    """Invoke, show result, log and bill, and check the result; the log's tail."""
    answer = client.invoke(FunctionName=NAME, LogType="Tail", Payload=json.dumps(event))
    result = json.load(answer["Payload"])
    log = base64.b64decode(answer["LogResult"]).decode()
    show(f"result: {json.dumps(result)}")
    show(log)
    check(result == expected, f"expected {expected}")
    billed = _BILLED.search(log)
    check(billed is not None, "the log has no REPORT")
    assert billed is not None
    price = bill(int(billed[1]), MEMORY_MB)
    show(
        f"on AWS this would cost ${price.total:.10f}: ${price.requests:.10f} for the request and "
        f"${price.compute:.10f} for {billed[1]} ms at {MEMORY_MB} MB"
    )
    return log


def stay(node: subprocess.Popen[str], endpoint: str) -> None:
    step(f"Ingle stays at {endpoint} until Ctrl-C. Try:")
    show(f"export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION=us-east-1")
    show("export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")
    show("aws lambda list-functions")
    try:
        node.wait()
    except KeyboardInterrupt:
        show("stopping")


def step(title: str) -> None:
    sys.stdout.write(f"\n== {title}\n")
    sys.stdout.flush()


def show(text: str) -> None:
    for line in text.splitlines():
        sys.stdout.write(f"   {line}\n")
    sys.stdout.flush()


def check(holds: bool, otherwise: str) -> None:
    """End the demo with status 1 where a step did not hold."""
    if not holds:
        raise SystemExit(f"The demo failed: {otherwise}.")


if __name__ == "__main__":
    main()
