"""Versions and aliases are served on the hot path, whatever way the caller writes them."""

from __future__ import annotations

import dataclasses

import pytest
from tests.support.node import FakeNode, function

from ingle.model.function import ResolvedFunction
from ingle.model.names import FunctionKey


@pytest.mark.parametrize(
    ("target", "qualifier"),
    [
        ("f/invocations", None),
        ("f/invocations?Qualifier=prod", "prod"),
        ("f/invocations?Qualifier=7", "7"),
        ("f/invocations?Qualifier=$LATEST", "$LATEST"),
        ("f/invocations?Qualifier=%24LATEST", "$LATEST"),
        ("f:prod/invocations", "prod"),
        ("f%3Aprod/invocations", "prod"),
        ("f%3A%24LATEST/invocations", "$LATEST"),
    ],
)
async def test_a_qualified_invocation_is_served_on_the_hot_path(
    monkeypatch: pytest.MonkeyPatch, target: str, qualifier: str | None
) -> None:
    async with FakeNode() as node:

        async def never(*_: object) -> dict[str, object]:
            raise AssertionError("the general way was taken")

        asked: list[str | None] = []

        def lookup(key: FunctionKey, qualifier: str | None = None) -> ResolvedFunction | None:
            asked.append(qualifier)
            return dataclasses.replace(function(key.name, version="7"), qualifier=qualifier)

        monkeypatch.setattr(node.directory, "lookup", lookup)
        monkeypatch.setattr(node.edge._config, "loaded_app", never)
        client = await node.connect()
        client.send(
            f"POST /2015-03-31/functions/{target} HTTP/1.1\r\n".encode()
            + b"Host: h\r\nContent-Length: 2\r\n\r\n{}"
        )
        answer = await client.answer()
        assert answer.headers["x-amz-executed-version"] == "7"
        assert asked == [qualifier]
        await client.close()


async def test_two_qualifiers_are_left_to_the_general_way_which_sees_whether_they_agree() -> None:
    async with FakeNode() as node:
        node.directory.put(function())
        client = await node.connect()
        client.send(
            b"POST /2015-03-31/functions/f:a/invocations?Qualifier=b HTTP/1.1\r\nHost: h\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        answer = await client.answer()
        assert answer.status == 400
        assert answer.json["message"] == (
            "The derived qualifier from the function name does not match the specified qualifier."
        )
        await client.close()
