"""What the IT Glue tests share: a clock that runs only while somebody waits, and clients on a sandbox over TCP."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from stickysync_gui.domain.progress import Event
from stickysync_gui.domain.secret import Secret
from stickysync_gui.domain.stopping import StopRequested
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.itglue.pacing import Budget, Pacer
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from tests.waiting import POLL_SECONDS, let_pass

NO_LIMIT = Budget(requests=None)
REQUEST_SECONDS = 10.0
"""Of an impatient client: far more than a busy machine takes for an answer that does come."""


class Clock:
    """Seconds that pass only through `wait`, so that minutes take no time. For one coroutine at a time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float, stop: asyncio.Event | None) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
        if stop is not None and stop.is_set():
            raise StopRequested


class SharedClock:
    """The same for several coroutines at once: time jumps to the next waiter when nobody else has anything to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float, stop: asyncio.Event | None) -> None:
        woken = asyncio.Event()
        self._sleeping.append((self.now + seconds, woken))
        await woken.wait()
        if stop is not None and stop.is_set():
            raise StopRequested

    async def run(self, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
        """Run the coroutines to their end and return their results or exceptions."""
        everything = asyncio.gather(*coroutines, return_exceptions=True)
        while not everything.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleeping:
                self._sleeping.sort(key=lambda sleeper: sleeper[0])
                at, woken = self._sleeping.pop(0)
                self.now = max(self.now, at)
                woken.set()
        return everything.result()


@dataclass
class Service:
    """A running sandbox, and clients for it."""

    glue: Glue
    server: SandboxServer
    clock: Clock = field(default_factory=Clock)
    events: list[Event] = field(default_factory=list)

    def client(self, key: str | None = None, *, pacer: Pacer | None = None, **options: Any) -> ItGlue:
        """A client whose waits take no time, unless it is given another pacer."""
        pacer = pacer or Pacer(NO_LIMIT, clock=self.clock, wait=self.clock.wait)
        options = {"report": self.events.append, **options}
        return ItGlue(self.server.url, Secret(key or self.glue.key), pacer, **options)

    @asynccontextmanager
    async def impatient(self, **options: Any) -> AsyncIterator[ItGlue]:
        """A client whose time limit for a request is over at once when the service falls silent, and only then."""
        watching = asyncio.create_task(self._time_passes_in_silence())
        try:
            async with self.client(request_seconds=REQUEST_SECONDS, **options) as client:
                yield client
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _time_passes_in_silence(self) -> None:
        silences = 0
        while True:
            # A silence goes on when its client has given up.
            if self.server.faults.hanging > silences:
                silences += 1
                let_pass(REQUEST_SECONDS)
            await asyncio.sleep(POLL_SECONDS)

    def entries(self, organization_id: int, count: int, **attributes: Any) -> list[int]:
        """Add entries named "Entry 0" and so on; returns their ids."""
        rows = ({"organization_id": organization_id, "name": f"Entry {n}", **attributes} for n in range(count))
        return self.glue.add_passwords(rows)
