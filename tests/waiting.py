"""Waiting for a fact instead of for a time."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.005
# Ends a hang, no more: on a busy machine what takes a tenth of a second may take ten.
PATIENCE = 60.0


async def until(condition: Callable[[], T], timeout: float = PATIENCE) -> T:
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


def wait_until(condition: Callable[[], bool]) -> None:
    """`until` for a test without a loop, or a thread beside it."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not true after {PATIENCE} s: {_source(condition)}"
        time.sleep(POLL_SECONDS)


async def turns(count: int = 50) -> None:
    """Let the loop go round so often: what happens at once has happened then, however long it took."""
    for _ in range(count):
        await asyncio.sleep(0)


def let_pass(seconds: float) -> None:
    """Make so much time pass at once for the running loop and its timers, and for nobody else.

    A time limit of its runs out that way after something happened, not after some time on a machine of some speed.
    """
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]


def _source(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):
        return repr(condition)
