"""Waiting for a fact instead of for a time."""

import asyncio
import inspect
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.005


async def until(condition: Callable[[], T], timeout: float = 10.0) -> T:
    """Return the first true value of `condition`, asked again and again while the loop runs on.

    After `timeout` seconds the test fails and shows the condition's source.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while not (value := condition()):
        if loop.time() > deadline:
            raise AssertionError(f"not true after {timeout} s: {_source(condition)}")
        await asyncio.sleep(POLL_SECONDS)
    return value


def _source(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):
        return repr(condition)
