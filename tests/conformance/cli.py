"""The unmodified AWS CLI, in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conformance.functions import zipped
from tests.conformance.node import REGION, Node, environment

AWS = str(Path(sys.executable).parent / "aws")


class Cli:
    """`aws lambda ...` against a node."""

    def __init__(self, node: Node, home: Path) -> None:
        self._environment = environment(
            AWS_ENDPOINT_URL=node.endpoint,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION=REGION,
            AWS_PAGER="",
            HOME=str(home),
        )
        self._home = home

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [AWS, "lambda", *arguments],
            env=self._environment,
            cwd=self._home,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def ok(self, *arguments: str) -> Any:
        """Run a command that must succeed; what it printed, as JSON."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def package(self, name: str, source: str) -> str:
        """A zip with that source, as the CLI takes it."""
        (self._home / name).write_bytes(zipped(source))
        return f"fileb://{name}"

    def read(self, name: str) -> Any:
        return json.loads((self._home / name).read_text())
