"""What the README tells a newcomer to type works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conformance.node import INGLE, Node, environment

_README = (Path(__file__).parents[2] / "README.md").read_text()
_BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINKS = re.compile(r"\]\((?!http)([^)#]+)\)")


def test_the_first_function_of_the_readme_runs(node: Node, tmp_path: Path) -> None:
    (commands,) = (block for block in _BLOCKS.findall(_README) if "create-function" in block)
    commands = commands.replace("http://127.0.0.1:4566", node.endpoint).replace(".venv/bin/ingle", INGLE)
    binaries = Path(sys.executable).parent  # with the AWS CLI
    done = subprocess.run(
        [str(shutil.which("bash")), "-euc", commands],
        cwd=tmp_path,
        env=environment(PATH=f"{binaries}:/usr/local/bin:/usr/bin:/bin", AWS_PAGER="", HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert '{"hello": "Ada"}' in done.stdout
    assert "REPORT RequestId: " in done.stdout
    node.client().delete_function(FunctionName="hello")


def test_links_lead_somewhere() -> None:
    root = Path(__file__).parents[2]
    pages = [root / "README.md", *root.glob("docs/**/*.md")]
    broken = [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in _LINKS.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_file_that_the_architecture_names_exists() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"`(\w+/[\w/]+\.py)`", (root / "docs" / "architecture.md").read_text())
    assert len(named) > 20
    assert [name for name in named if not (root / "src" / "ingle" / name).exists()] == []
