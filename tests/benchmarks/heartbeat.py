"""How long an event loop is silent: the time between two of its turns, asked for every millisecond."""

import asyncio
import statistics
import time
from dataclasses import dataclass


class Heartbeat:
    """The times between turns of the loop, in milliseconds."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.gaps.append((now - last) * 1000)
            last = now

    async def stop(self) -> "Gaps":
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        cuts = statistics.quantiles(self.gaps, n=1000, method="inclusive")
        return Gaps(cuts[989], max(self.gaps))


@dataclass(frozen=True)
class Gaps:
    """99 of 100 turns come sooner than `p99`, all sooner than `longest`; milliseconds."""

    p99: float
    longest: float

    def __str__(self) -> str:
        return f"p99 {self.p99:.1f} ms, max {self.longest:.1f} ms"
