"""`docs/api-coverage.md` says what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.loaders import Loader
from click.testing import CliRunner

from ingle.cli.commands import main
from ingle.controlplane.coverage import render
from ingle.controlplane.handlers import Answer, Handlers, RequestContext

DOCUMENT = Path(__file__).parents[3] / "docs" / "api-coverage.md"


async def handler(context: RequestContext, request: object) -> Answer:
    return {}


def test_the_document_is_not_stale() -> None:
    made = CliRunner().invoke(main, ["api-coverage"])
    assert made.exit_code == 0, made.output
    assert DOCUMENT.read_text() == made.output, "stale: run `make api-coverage`"


def test_every_operation_of_the_model_has_one_row() -> None:
    operations = Loader().load_service_model("lambda", "service-2")["operations"]
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == sorted(operations)


def test_a_row_says_whether_there_is_a_handler_and_what_it_does_not_do() -> None:
    handlers = Handlers()
    handlers.add("B", handler)
    handlers.add("A", handler, note="Not all.")
    page = render(["B", "InvokeAsync", "A"], handlers)
    assert page.splitlines()[-3:-1] == ["| A | there | Not all. |", "| B | there |  |"]
    assert page.splitlines()[-1].startswith("| InvokeAsync | not yet | It is deprecated")
    assert "Of 3 operations\n2 are there" in page


def test_a_handler_of_no_operation_is_a_mistake() -> None:
    handlers = Handlers()
    handlers.add("CreateFuncton", handler)
    with pytest.raises(ValueError, match="does not have CreateFuncton"):
        render(["CreateFunction"], handlers)
