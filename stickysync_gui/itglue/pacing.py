"""One budget for everything this process sends to IT Glue (product.md 10).

IT Glue answers 429 above 3000 requests in 300 s, counted with whatever else uses the account. We stay 10 % below,
keep four requests in flight, and send nothing at all while a 429 tells us to wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from stickysync_gui.domain.progress import Report, Waiting, no_report
from stickysync_gui.domain.stopping import StopRequested

TELL_FROM_SECONDS = 1.0
"""Shorter waits are not worth a word."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `requests` in any `seconds`; None means no limit but the number in flight (loopback)."""

    requests: int | None = 2700
    seconds: float = 300.0
    in_flight: int = 4


async def wait_or_stop(seconds: float, stop: asyncio.Event | None) -> None:
    """Sleep, but end at once with `StopRequested` when the user asks to stop."""
    if stop is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    if stop.is_set():
        raise StopRequested


Wait = Callable[[float, asyncio.Event | None], Awaitable[None]]


class Pacer:
    """Lets requests through at the pace of a budget.

    Args:
        budget: the limits.
        clock: steadily growing seconds. wait: sleeps for seconds, ends early on stop. Both passed in for tests.
    """

    def __init__(
        self, budget: Budget | None = None, *, clock: Callable[[], float] = time.monotonic, wait: Wait = wait_or_stop
    ) -> None:
        self._budget = budget or Budget()
        self._clock = clock
        self._wait = wait
        self._flights = asyncio.Semaphore(self._budget.in_flight)
        self._sent: deque[float] = deque()
        self._paused_until = 0.0

    @asynccontextmanager
    async def turn(self, stop: asyncio.Event | None = None, report: Report = no_report) -> AsyncIterator[None]:
        """Hold one of the places in flight, entered when the budget allows one more request.

        Raises:
            StopRequested: the user asked to stop while this waited.
        """
        async with _place(self._flights, stop):
            await self._spend(stop, report)
            yield

    async def _spend(self, stop: asyncio.Event | None, report: Report) -> None:
        while (delay := self._delay()) > 0:
            if delay >= TELL_FROM_SECONDS:
                report(Waiting(delay, "IT Glue takes no more requests for now."))
            await self._wait(delay, stop)
        if stop is not None and stop.is_set():
            raise StopRequested
        self._sent.append(self._clock())

    def pause(self, seconds: float) -> None:
        """Send nothing for that long; a longer pause that is on already stays."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    @property
    def paused_seconds(self) -> float:
        """How long the pause still lasts; asked again right before each request, since others may have met a 429."""
        return max(0.0, self._paused_until - self._clock())

    def _delay(self) -> float:
        now = self._clock()
        budget = self._budget
        if budget.requests is None:
            return self._paused_until - now
        # The same sum both times: rounded otherwise, one that still counts could be waited for no more.
        while self._sent and self._sent[0] + budget.seconds <= now:
            self._sent.popleft()
        spent = self._sent[0] + budget.seconds - now if len(self._sent) >= budget.requests else 0.0
        return max(self._paused_until - now, spent)


@asynccontextmanager
async def _place(places: asyncio.Semaphore, stop: asyncio.Event | None) -> AsyncIterator[None]:
    await _take(places, stop)
    try:
        yield
    finally:
        places.release()


async def _take(places: asyncio.Semaphore, stop: asyncio.Event | None) -> None:
    if stop is None or not places.locked():
        await places.acquire()
        return
    taking, stopping = asyncio.ensure_future(places.acquire()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((taking, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            raise StopRequested
    except BaseException:
        if not taking.cancel():
            places.release()
        raise
    finally:
        stopping.cancel()
