"""Whoever is told to stop waiting for the store stops, whatever the store is about to answer."""

from __future__ import annotations

import asyncio

import pytest

from ingle.store import database as module


async def test_a_cancellation_that_comes_with_the_answer_is_not_swallowed() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(module._within(30.0, answer))
    await asyncio.sleep(0)
    answer.set_result(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
