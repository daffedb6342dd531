"""How long an event loop is silent: the time between two of its turns, asked for every millisecond."""

import asyncio
import statistics
import time


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

    async def stop(self) -> str:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        cuts = statistics.quantiles(self.gaps, n=1000, method="inclusive")
        return f"p50 {cuts[499]:5.1f}  p99 {cuts[989]:5.1f}  max {max(self.gaps):5.1f} ms  ({len(self.gaps)} turns)"
