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
        return Gaps(cuts[499], cuts[989], max(self.gaps))


@dataclass(frozen=True)
class Gaps:
    """Half of the turns come sooner than `p50`, 99 of 100 sooner than `p99`, all within `longest`; milliseconds."""

    p50: float
    p99: float
    longest: float

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms, max {self.longest:.1f} ms"
